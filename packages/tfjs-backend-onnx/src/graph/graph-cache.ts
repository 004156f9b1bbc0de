import { messageOf, OnnxBackendError } from "../onnx-backend-error.js";
import { hashKey, type PreparedGraph, sameKey } from "../recording/prepared-graph.js";
import { describeNode, type Entry, type RecordedNode } from "../recording/recorded-node.js";
import type { OnnxRuntime, OnnxSession, SessionSettings } from "../runtime/onnx-runtime.js";
import { type CompiledGraph, compileGraph } from "./compile-graph.js";
import type { Operation } from "./operation.js";
import { ThrashWatch } from "./thrash-watch.js";

type Prepared = PreparedGraph<RecordedNode<Operation>>;

/** A compiled graph and the session that runs it. */
export interface CachedGraph extends Pick<CompiledGraph, "inputNames" | "outputNames"> {
  readonly session: OnnxSession;
}

export interface GraphCacheOptions {
  readonly runtime: OnnxRuntime;
  readonly settings: Omit<SessionSettings, "externalData">;
  /** Graphs that are kept at most. */
  readonly maxGraphs: number;
  /** Estimated bytes that the kept graphs may hold: models, frozen weights, and the memory of their last run. */
  readonly maxGraphBytes: number;
  readonly warn: (message: string) => void;
}

/**
 * Compiled graphs by structure: operations, attributes, shapes, types and edges. Single numbers from the host are
 * constants of the graph, which lets the runtime simplify; one that differs the next time becomes an input for good,
 * so that a learning rate that changes with each step costs one compilation, not one a step.
 *
 * When there are too many graphs, the one that was used longest ago goes, and its session with it.
 */
export class GraphCache {
  readonly #options: GraphCacheOptions;
  readonly #slots = new Map<number, Slot[]>();
  /** In the order of use, the oldest first. */
  readonly #used = new Set<Slot>();
  readonly #watch: ThrashWatch;
  #bytes = 0;
  compilations = 0;
  compileMs = 0;

  constructor(options: GraphCacheOptions) {
    this.#options = options;
    this.#watch = new ThrashWatch(options.maxGraphs, options.warn);
  }

  get size(): number {
    return this.#used.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * The graph for what was prepared, compiled if it is new.
   *
   * @returns a promise only where the runtime loads asynchronously
   * @throws OnnxBackendError `RUNTIME_FAILED` when the runtime refuses the graph
   */
  get(prepared: Prepared, frozen: ReadonlyMap<Entry, number>): CachedGraph | Promise<CachedGraph> {
    const slot = this.#slotOf(prepared.key);
    this.#used.delete(slot);
    this.#used.add(slot);
    if (slot.graph) {
      const changed = slot.constants.filter(({ leaf, value }) => !Object.is(numberOf(prepared, leaf), value));
      if (changed.length === 0) return slot.graph;
      for (const { leaf } of changed) slot.variableLeaves.add(leaf);
      this.#release(slot);
    }
    this.#watch.compiling(prepared);
    const start = performance.now();
    const compiled = compileGraph(prepared, {
      variableLeaves: slot.variableLeaves,
      frozen,
      withSentinel: this.#options.runtime.wantsSentinel,
    });
    const finish = (session: OnnxSession): CachedGraph => {
      this.compilations++;
      this.compileMs += performance.now() - start;
      const { inputNames, outputNames } = compiled;
      slot.graph = { session, inputNames, outputNames };
      slot.constants = compiled.constants;
      slot.bytes = compiled.model.length + compiled.peakBytes;
      for (const { data } of compiled.externalData) slot.bytes += data.byteLength; // packed once more
      this.#bytes += slot.bytes;
      this.#evict(slot);
      return slot.graph;
    };
    const fail = (error: unknown): never => {
      this.#forget(slot);
      throw compileError(error, prepared);
    };
    try {
      const { runtime, settings } = this.#options;
      const session = runtime.load(compiled.model, { ...settings, externalData: compiled.externalData });
      return session instanceof Promise ? session.then(finish, fail) : finish(session);
    } catch (error) {
      return fail(error);
    }
  }

  /** Releases every session. */
  clear(): void {
    for (const slot of this.#used) this.#release(slot);
    this.#used.clear();
    this.#slots.clear();
  }

  #slotOf(key: Int32Array): Slot {
    const hash = hashKey(key);
    const slots = this.#slots.get(hash) ?? [];
    const known = slots.find((slot) => sameKey(slot.key, key));
    if (known) return known;
    const slot: Slot = { key, hash, variableLeaves: new Set(), constants: [], graph: undefined, bytes: 0 };
    this.#slots.set(hash, [...slots, slot]);
    return slot;
  }

  #evict(newest: Slot): void {
    const { maxGraphs, maxGraphBytes } = this.#options;
    for (const slot of this.#used) {
      if (slot === newest || (this.#used.size <= maxGraphs && this.#bytes <= maxGraphBytes)) return;
      this.#forget(slot);
    }
  }

  #forget(slot: Slot): void {
    this.#release(slot);
    this.#used.delete(slot);
    const others = this.#slots.get(slot.hash)!.filter((other) => other !== slot);
    if (others.length > 0) this.#slots.set(slot.hash, others);
    else this.#slots.delete(slot.hash);
  }

  #release(slot: Slot): void {
    slot.graph?.session.release();
    slot.graph = undefined;
    this.#bytes -= slot.bytes;
    slot.bytes = 0;
  }
}

/** The runtime's message in our words: what ran, with which shapes. Its operators carry the index of our node. */
export function runError(error: unknown, prepared: Prepared): OnnxBackendError {
  const message = messageOf(error);
  const index = /Name:'[^'#]*#(\d+)\//.exec(message)?.[1];
  const node = index === undefined ? undefined : prepared.nodes[Number(index)];
  const outOfRange = /out of (?:data )?bounds|out of range/i.test(message);
  return new OnnxBackendError({
    code: outOfRange ? "INDEX_OUT_OF_RANGE" : "RUNTIME_FAILED",
    component: "run",
    problem: `expected ${node ? describeNode(node) : `a graph of ${prepared.nodes.length} operations`} to run, got "${message}"`,
    remedy: "Everything that was computed together with it is lost; the rest of the program may go on",
    cause: error,
  });
}

// --- internal ---

interface Slot {
  readonly key: Int32Array;
  readonly hash: number;
  /** Leaves whose single number changed between runs. */
  readonly variableLeaves: Set<number>;
  constants: CompiledGraph["constants"];
  graph: CachedGraph | undefined;
  bytes: number;
}

function numberOf(prepared: Prepared, leaf: number): number {
  return prepared.leaves[leaf].entry.values![0];
}

function compileError(error: unknown, prepared: Prepared): OnnxBackendError {
  const message = messageOf(error);
  const index = /(?:Node|node)[^#]*#(\d+)\//.exec(message)?.[1];
  const node = index === undefined ? undefined : prepared.nodes[Number(index)];
  return new OnnxBackendError({
    code: "RUNTIME_FAILED",
    component: "compile",
    problem: `expected a graph of ${prepared.nodes.length} operations${node ? ` with ${describeNode(node)}` : ""} to load, got "${message}"`,
    remedy: "This is a fault of the backend: please report it, and use another backend of tfjs for this part",
    cause: error,
  });
}
