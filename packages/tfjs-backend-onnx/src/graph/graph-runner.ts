import { independentParts, type PreparedGraph, prepareGraph } from "../recording/prepared-graph.js";
import type { RecordedNode, Values } from "../recording/recorded-node.js";
import { endPart, endStages, stagesOf } from "../recording/stages.js";
import { sameShape, sizeOf } from "../recording/tensor-shape.js";
import type { OnnxRuntime } from "../runtime/onnx-runtime.js";
import type { BufferPool } from "../storage/buffer-pool.js";
import type { FrozenWeights } from "./frozen-weight.js";
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
  runNow(recorded: readonly Node[], frozen: FrozenWeights): readonly Error[] {
    const work = this.#work(recorded, frozen);
    let step = work.next();
    while (!step.done) {
      try {
        step.value();
      } catch (error) {
        step = work.throw(error);
        continue;
      }
      step = work.next();
    }
    return step.value;
  }

  /** The same on a runtime that answers later. */
  async runLater(recorded: readonly Node[], frozen: FrozenWeights): Promise<readonly Error[]> {
    const work = this.#work(recorded, frozen);
    let step = work.next();
    while (!step.done) {
      try {
        await step.value();
      } catch (error) {
        step = work.throw(error);
        continue;
      }
      step = work.next();
    }
    return step.value;
  }

  /** The runs that a recording takes, one after the other, and what becomes of those that fail. */
  *#work(recorded: readonly Node[], frozen: FrozenWeights): Generator<Run, readonly Error[]> {
    const stages = stagesOf(recorded, frozen);
    const failures: Error[] = [];
    for (const nodes of stages.parts) {
      const whole = prepareGraph(nodes, frozen);
      try {
        if (whole.outputs.length > 0) yield () => this.#run(whole, frozen);
      } catch (error) {
        const parts = independentParts(whole.nodes);
        if (parts.length === 1) failures.push(fail(whole, error as Error));
        for (const part of parts.length === 1 ? [] : parts) {
          const prepared = prepareGraph(part, frozen);
          try {
            yield () => this.#run(prepared, frozen);
          } catch (partError) {
            failures.push(fail(prepared, partError as Error));
          }
        }
      }
      endPart(nodes);
    }
    endStages(stages);
    return failures;
  }

  #run(prepared: PreparedGraph<Node>, frozen: FrozenWeights): void | Promise<void> {
    const lost = prepared.leaves.find(({ entry }) => entry.failure);
    if (lost) throw lost.entry.failure;
    const graph = this.cache.get(prepared, frozen);
    return graph instanceof Promise
      ? graph.then((loaded) => this.#feed(loaded, prepared))
      : this.#feed(graph, prepared);
  }

  #feed(
    { session, inputNames, outputNames }: CachedGraph,
    prepared: PreparedGraph<Node>,
  ): void | Promise<void> {
    const feeds: Record<string, unknown> = {};
    prepared.leaves.forEach(({ entry, shape }, leaf) => {
      const name = inputNames[leaf];
      if (name === undefined) return;
      if (!entry.fed || !sameShape(entry.fedShape!, shape)) {
        entry.fed = this.runtime.tensor(entry.type, entry.hostValues(), shape);
        entry.fedShape = shape;
      }
      feeds[name] = entry.fed;
    });
    const fetches: Record<string, unknown> = {};
    const results = prepared.outputs.map(({ type, shape }, place): Result => {
      const values = this.pool.take(type, sizeOf(shape));
      const tensor = this.runtime.tensor(type, values, shape);
      fetches[outputNames[place]] = tensor;
      return { values, tensor };
    });
    const start = performance.now();
    const finish = () => {
      this.runs++;
      this.runMs += performance.now() - start;
      prepared.outputs.forEach((entry, place) => {
        entry.values = results[place].values;
        entry.fed = results[place].tensor;
        entry.fedShape = entry.shape;
      });
    };
    try {
      const running = session.run(feeds, fetches);
      if (!(running instanceof Promise)) return finish();
      return running.then(finish, (error) => {
        throw runError(error, prepared);
      });
    } catch (error) {
      throw runError(error, prepared);
    }
  }
}

// --- internal ---

type Run = () => void | Promise<void>;

interface Result {
  readonly values: Values;
  readonly tensor: unknown;
}

function fail({ outputs }: PreparedGraph, failure: Error): Error {
  for (const entry of outputs) entry.failure = failure;
  return failure;
}
