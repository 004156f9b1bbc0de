import { independentParts, type PreparedGraph, prepareGraph } from "../recording/prepared-graph.js";
import type { Entry, RecordedNode, Values } from "../recording/recorded-node.js";
import { sameShape, sizeOf } from "../recording/tensor-shape.js";
import type { BufferPool } from "../runtime/buffer-pool.js";
import type { OnnxRuntime } from "../runtime/onnx-runtime.js";
import { type CachedGraph, type GraphCache, runError } from "./graph-cache.js";
import type { Operation } from "./operation.js";

type Node = RecordedNode<Operation>;

/**
 * Runs recordings: live outputs get values or, when the run fails, the error. Values are set only after the run, so
 * that no failure can look like a result.
 */
export class GraphRunner {
  runs = 0;
  runMs = 0;

  constructor(
    readonly runtime: OnnxRuntime,
    readonly cache: GraphCache,
    readonly pool: BufferPool,
  ) {}

  /** @returns the errors of the parts that failed; their outputs have them as well */
  runNow(recorded: readonly Node[], frozen: ReadonlyMap<Entry, number>): readonly Error[] {
    const whole = prepareGraph(recorded, frozen);
    if (whole.outputs.length === 0) return [];
    try {
      this.#run(whole, frozen);
      return [];
    } catch (error) {
      const parts = independentParts(whole.nodes);
      if (parts.length === 1) return [fail(whole, error as Error)];
      return parts.flatMap((nodes) => {
        const part = prepareGraph(nodes, frozen);
        try {
          this.#run(part, frozen);
          return [];
        } catch (partError) {
          return [fail(part, partError as Error)];
        }
      });
    }
  }

  /** The same on a runtime that answers later. */
  async runLater(recorded: readonly Node[], frozen: ReadonlyMap<Entry, number>): Promise<readonly Error[]> {
    const whole = prepareGraph(recorded, frozen);
    if (whole.outputs.length === 0) return [];
    try {
      await this.#run(whole, frozen);
      return [];
    } catch (error) {
      const parts = independentParts(whole.nodes);
      if (parts.length === 1) return [fail(whole, error as Error)];
      const failures: Error[] = [];
      for (const nodes of parts) {
        const part = prepareGraph(nodes, frozen);
        try {
          await this.#run(part, frozen);
        } catch (partError) {
          failures.push(fail(part, partError as Error));
        }
      }
      return failures;
    }
  }

  #run(prepared: PreparedGraph<Node>, frozen: ReadonlyMap<Entry, number>): void | Promise<void> {
    const graph = this.cache.get(prepared, frozen);
    return graph instanceof Promise
      ? graph.then((loaded) => this.#feed(loaded, prepared))
      : this.#feed(graph, prepared);
  }

  #feed(
    { session, inputNames, outputNames, reuse }: CachedGraph,
    prepared: PreparedGraph<Node>,
  ): void | Promise<void> {
    const feeds: Record<string, unknown> = {};
    prepared.leaves.forEach(({ entry, shape }, leaf) => {
      if (entry.failure) throw entry.failure;
      const name = inputNames[leaf];
      if (name === undefined) return;
      if (!entry.fed || !sameShape(entry.fedShape!, shape)) {
        entry.fed = this.runtime.tensor(entry.type, entry.values!, shape);
        entry.fedShape = shape;
      }
      feeds[name] = entry.fed;
    });
    const fetches: Record<string, unknown> = {};
    const overwritten: Entry[] = [];
    const results = prepared.outputs.map(({ type, shape }, place): Result => {
      const source = reusable(prepared.leaves[reuse.get(place) ?? -1]?.entry);
      if (source) overwritten.push(source);
      const values = source?.values ?? this.pool.take(type, sizeOf(shape));
      const tensor = this.runtime.tensor(type, values, shape);
      fetches[outputNames[place]] = tensor;
      return { values, tensor };
    });
    const start = performance.now();
    const finish = () => {
      this.runs++;
      this.runMs += performance.now() - start;
      for (const entry of overwritten) entry.values = undefined;
      prepared.outputs.forEach((entry, place) => {
        entry.values = results[place].values;
        entry.fed = results[place].tensor;
        entry.fedShape = entry.shape;
      });
    };
    const fail = (error: unknown): never => {
      const failure = runError(error, prepared);
      for (const entry of overwritten) {
        entry.values = undefined;
        entry.failure = failure; // half of it may be new
      }
      throw failure;
    };
    try {
      const running = session.run(feeds, fetches);
      return running instanceof Promise ? running.then(finish, fail) : finish();
    } catch (error) {
      return fail(error);
    }
  }
}

// --- internal ---

interface Result {
  readonly values: Values;
  readonly tensor: unknown;
}

/** The leaf, if its values are needed by nobody after the run. */
function reusable(leaf: Entry | undefined): Entry | undefined {
  return leaf && leaf.references + leaf.awaiting === 0 && !leaf.escaped ? leaf : undefined;
}

function fail({ outputs }: PreparedGraph, failure: Error): Error {
  for (const entry of outputs) entry.failure = failure;
  return failure;
}
