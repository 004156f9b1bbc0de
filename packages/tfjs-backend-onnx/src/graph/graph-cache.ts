import { encodeModel, type OnnxGraph } from "../model/onnx-model.js";
import {
  differingAxes,
  haveSameValues,
  type SizeTemplate,
  sizeTemplate,
  withOpenAxes,
} from "../model/size-template.js";
import { messageOf, OnnxBackendError } from "../onnx-backend-error.js";
import { hashKey, type PreparedGraph, sameKey } from "../recording/prepared-graph.js";
import { describeNode, type RecordedNode } from "../recording/recorded-node.js";
import type { OnnxRuntime, OnnxSession, SessionSettings } from "../runtime/onnx-runtime.js";
import type { FrozenWeights } from "./frozen-weight.js";
import { type LoweredGraph, lowerGraph } from "./lower-graph.js";
import type { Operation } from "./operation.js";
import { ThrashWatch } from "./thrash-watch.js";

type Prepared = PreparedGraph<RecordedNode<Operation>>;

/** A compiled graph and the session that runs it. */
export interface CachedGraph extends Pick<LoweredGraph, "inputNames" | "outputNames"> {
  readonly session: OnnxSession;
}

export interface GraphCacheOptions {
  readonly runtime: OnnxRuntime;
  readonly settings: Omit<SessionSettings, "externalData" | "memoryArena">;
  /** Whether graphs keep the memory of their last run. Default: see `manyOperators`. */
  readonly memoryArena?: boolean;
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
 * A graph with frozen weights holds a copy of them, so there is one for all sizes: when the same program comes with
 * other sizes, its graph is compiled anew with those left open, and from then on every recording that the template
 * says to be the same runs on it. One that differs by more than sizes gets a graph of its own.
 *
 * When there are too many graphs, the one that was used longest ago goes, and its session with it.
 */
export class GraphCache {
  readonly #options: GraphCacheOptions;
  readonly #slots = new Map<number, Slot[]>();
  readonly #families = new Map<string, Family>();
  /** In the order of use, the oldest first. */
  readonly #used = new Set<Compiled>();
  readonly #watch: ThrashWatch;
  #bytes = 0;
  compilations = 0;
  compileMs = 0;

  constructor(options: GraphCacheOptions) {
    this.#options = options;
    this.#watch = new ThrashWatch(Math.min(options.maxGraphs, mostCompilations), options.warn);
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
  get(prepared: Prepared, frozen: FrozenWeights): CachedGraph | Promise<CachedGraph> {
    const slot = this.#slotOf(prepared, frozen);
    const { compiled, family } = slot;
    if (compiled) {
      const changed = slot.constants.filter(({ leaf, value }) => !Object.is(numberOf(prepared, leaf), value));
      if (changed.length === 0) return this.#use(compiled);
      for (const { leaf } of changed) family.variableLeaves.add(leaf);
      this.#detach(slot, compiled);
    }
    const lowered = lowerGraph(prepared, {
      variableLeaves: family.variableLeaves,
      frozen,
      withSentinel: this.#options.runtime.wantsSentinel,
    });
    slot.constants = lowered.constants;
    const fitting = [...family.graphs].find(({ template }) => template?.fits(lowered.graph));
    if (fitting) {
      this.#attach(slot, fitting);
      return this.#use(fitting);
    }
    for (const other of family.sharesGraphs ? family.graphs : []) {
      const samples = [...other.samples, lowered.graph];
      const template = samples.length <= mostSamples ? openSizes(samples) : undefined;
      if (!template) continue;
      Object.assign(other, { samples, template });
      this.#attach(slot, other);
      return this.#load(other, lowered, prepared, frozen);
    }
    const fresh: Compiled = {
      ...{ family, slots: new Set(), samples: family.sharesGraphs ? [lowered.graph] : [] },
      ...{ template: undefined, graph: undefined, bytes: 0 },
    };
    family.graphs.add(fresh);
    this.#attach(slot, fresh);
    return this.#load(fresh, lowered, prepared, frozen);
  }

  /** Releases the graphs that hold a weight: it was disposed of or has a new value. */
  releaseFrozen(number: number): void {
    for (const compiled of this.#used) if (compiled.family.frozen.includes(number)) this.#forget(compiled);
    for (const [key, { frozen }] of this.#families) if (frozen.includes(number)) this.#families.delete(key);
  }

  /** Releases every session. */
  clear(): void {
    for (const compiled of this.#used) this.#release(compiled);
    this.#used.clear();
    this.#slots.clear();
    this.#families.clear();
  }

  /** Gives a compiled graph its session, in place of the one that it may have for fewer sizes. */
  #load(
    compiled: Compiled,
    lowered: LoweredGraph,
    prepared: Prepared,
    frozen: FrozenWeights,
  ): CachedGraph | Promise<CachedGraph> {
    this.#release(compiled); // first, so that the weights are not held twice
    this.#watch.compiling(prepared);
    const { runtime, settings } = this.#options;
    const { template, family } = compiled;
    const { memoryArena = family.frozen.length === 0 && lowered.graph.nodes.length >= manyOperators } =
      this.#options;
    const start = performance.now();
    const model = encodeModel(template?.graph ?? lowered.graph);
    const finish = (session: OnnxSession): CachedGraph => {
      this.compilations++;
      this.compileMs += performance.now() - start;
      const { inputNames, outputNames, externalData, peakBytes } = lowered;
      compiled.graph = { session, inputNames, outputNames };
      compiled.bytes = model.length + peakBytes;
      for (const { data } of externalData) compiled.bytes += data.byteLength; // packed once more
      this.#bytes += compiled.bytes;
      this.#use(compiled);
      this.#evict(compiled);
      return compiled.graph;
    };
    const fail = (error: unknown): CachedGraph | Promise<CachedGraph> => {
      this.#forget(compiled);
      if (!template) throw compileError(error, prepared);
      family.sharesGraphs = false;
      return this.get(prepared, frozen);
    };
    try {
      const session = runtime.load(model, { ...settings, memoryArena, externalData: lowered.externalData });
      return session instanceof Promise ? session.then(finish, fail) : finish(session);
    } catch (error) {
      return fail(error);
    }
  }

  #use(compiled: Compiled): CachedGraph {
    this.#used.delete(compiled);
    this.#used.add(compiled);
    return compiled.graph!;
  }

  #slotOf(prepared: Prepared, frozen: FrozenWeights): Slot {
    const { key } = prepared;
    const hash = hashKey(key);
    const slots = this.#slots.get(hash) ?? [];
    const known = slots.find((slot) => sameKey(slot.key, key));
    if (known) return known;
    const family = this.#familyOf(prepared, frozen);
    const slot: Slot = { key, hash, family, constants: [], compiled: undefined };
    this.#slots.set(hash, [...slots, slot]);
    return slot;
  }

  /** Recordings of the same operations on the same frozen weights; without such weights each stands alone. */
  #familyOf({ nodes, leaves }: Prepared, frozen: FrozenWeights): Family {
    const numbers = leaves.flatMap(({ entry }) => frozen.get(entry)?.number ?? []);
    if (numbers.length === 0) return newFamily([], false);
    const key = `${numbers} ${nodes.map(({ operation }) => operation.name)}`;
    const family = this.#families.get(key) ?? newFamily(numbers, true);
    if (this.#families.size >= mostFamilies) this.#families.clear();
    this.#families.set(key, family);
    return family;
  }

  #evict(newest: Compiled): void {
    const { maxGraphs, maxGraphBytes } = this.#options;
    for (const compiled of this.#used) {
      if (compiled === newest || (this.#used.size <= maxGraphs && this.#bytes <= maxGraphBytes)) return;
      this.#forget(compiled);
    }
  }

  #forget(compiled: Compiled): void {
    this.#release(compiled);
    this.#used.delete(compiled);
    compiled.family.graphs.delete(compiled);
    for (const slot of compiled.slots) this.#forgetSlot(slot);
  }

  #forgetSlot(slot: Slot): void {
    const others = this.#slots.get(slot.hash)!.filter((other) => other !== slot);
    if (others.length > 0) this.#slots.set(slot.hash, others);
    else this.#slots.delete(slot.hash);
  }

  /** Lets a slot run on a compiled graph. */
  #attach(slot: Slot, compiled: Compiled): void {
    slot.compiled = compiled;
    compiled.slots.add(slot);
    if (compiled.slots.size <= mostSlots) return;
    const [oldest] = compiled.slots;
    compiled.slots.delete(oldest);
    this.#forgetSlot(oldest);
  }

  /** Takes a slot from its graph, which goes when no other runs on it. */
  #detach(slot: Slot, compiled: Compiled): void {
    slot.compiled = undefined;
    compiled.slots.delete(slot);
    if (compiled.slots.size > 0) return;
    this.#release(compiled);
    this.#used.delete(compiled);
    compiled.family.graphs.delete(compiled);
  }

  #release(compiled: Compiled): void {
    compiled.graph?.session.release();
    compiled.graph = undefined;
    this.#bytes -= compiled.bytes;
    compiled.bytes = 0;
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

/** A structure that was met. */
interface Slot {
  readonly key: Int32Array;
  readonly hash: number;
  readonly family: Family;
  constants: LoweredGraph["constants"];
  compiled: Compiled | undefined;
}

/** Structures that may share graphs. */
interface Family {
  /** The frozen weights that all of them read. */
  readonly frozen: readonly number[];
  readonly graphs: Set<Compiled>;
  /** Leaves whose single number changed between runs. */
  readonly variableLeaves: Set<number>;
  sharesGraphs: boolean;
}

interface Compiled {
  readonly family: Family;
  readonly slots: Set<Slot>;
  /** Recordings that decided which sizes are open. */
  samples: readonly OnnxGraph[];
  /** Once there are several samples. */
  template: SizeTemplate | undefined;
  graph: CachedGraph | undefined;
  bytes: number;
}

/**
 * Operators from which on a graph keeps the memory of its last run. Training steps have as many and need it again and again.
 * Samplers' graphs have few, one for each count of masks, and would keep the logits of each; those with frozen weights take all
 * sizes in turn, and would keep the sum of them.
 */
const manyOperators = 256;
/** Recordings after which no further size is left open in a graph. */
const mostSamples = 5;
/** Structures that are remembered for one graph. */
const mostSlots = 1024;
const mostFamilies = 256;
/** Compilations of one program from which on its shapes are said not to repeat. */
const mostCompilations = 32;

function newFamily(frozen: readonly number[], sharesGraphs: boolean): Family {
  return { frozen, graphs: new Set(), variableLeaves: new Set(), sharesGraphs };
}

/** A template whose sizes are open where graphs differ; undefined where they differ in more. */
function openSizes(samples: readonly OnnxGraph[]): SizeTemplate | undefined {
  const [first, ...others] = samples;
  if (!others.every((other) => haveSameValues(first, other))) return undefined;
  const axes = differingAxes(samples);
  const template = sizeTemplate([withOpenAxes(first, axes, others), ...others], axes);
  return "differs" in template ? undefined : template;
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
