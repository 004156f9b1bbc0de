import {
  type BackendValues,
  type DataId,
  type DataType,
  KernelBackend,
  type TensorInfo,
  type Variable,
} from "@tensorflow/tfjs-core";
import { type FreezeType, type FrozenWeight, freezeTypes } from "./graph/frozen-weight.js";
import { GraphCache, type GraphCacheOptions } from "./graph/graph-cache.js";
import { GraphRunner } from "./graph/graph-runner.js";
import type { Operation } from "./graph/operation.js";
import { OnnxBackendError } from "./onnx-backend-error.js";
import { type PreparedGraph, prepareGraph } from "./recording/prepared-graph.js";
import type { Entry, RecordedNode, Values } from "./recording/recorded-node.js";
import { Recorder } from "./recording/recorder.js";
import { StepWatch } from "./recording/step-watch.js";
import { BufferPool } from "./storage/buffer-pool.js";
import { isTexts, TensorStore } from "./storage/tensor-store.js";

export interface OnnxBackendParts extends GraphCacheOptions {
  /** Bytes of unused arrays that are kept for later results. */
  readonly poolBytes: number;
  /** Recorded operations after which the recording runs, whoever reads. */
  readonly maxRecorded: number;
  /** Bytes that disposed tensors may hold for the recording, after which it runs when new data comes. */
  readonly maxHeldBytes: number;
}

/** Figures since the start, for benchmarks and for the curious. */
export interface OnnxBackendStatistics {
  /** Graphs that were run. */
  readonly runs: number;
  /** Time in the runtime. */
  readonly runMs: number;
  readonly compilations: number;
  readonly compileMs: number;
  /** Compiled graphs that are kept, and the estimated bytes that they hold. */
  readonly graphs: number;
  readonly graphBytes: number;
  /** Operations that wait to be run. */
  readonly recorded: number;
  /** Bytes of unused arrays that are kept. */
  readonly pooledBytes: number;
}

/**
 * A tfjs backend that computes nothing when a kernel is called. It records the call and returns a tensor without
 * values. Reading a value runs all that is live as one graph on ONNX Runtime (see `prepareGraph` for the rule); the
 * graph is compiled once for each structure, so a training step is compiled in its first rounds and replayed after.
 *
 * Who reads in the middle of a `tidy` makes everything that is alive there a result of the graph: that is right, but
 * slower than reading at the end.
 *
 * A run that fails leaves its results as failed: reading one, or computing with it, throws the error again. What did
 * not depend on the failure, and did not feed it, is computed all the same.
 */
export class OnnxBackend extends KernelBackend {
  /** What kernels record with. */
  readonly recorder: Recorder;
  readonly #options: OnnxBackendParts;
  readonly #store: TensorStore;
  readonly #pool: BufferPool;
  readonly #cache: GraphCache;
  readonly #runner: GraphRunner;
  readonly #steps = new StepWatch();
  readonly #frozen = new Map<Entry, FrozenWeight>();
  #frozenCount = 1;
  /** The last run in an asynchronous runtime; the next one waits for it. */
  #running: Promise<unknown> | undefined;
  /** A run that waits for the one before it, and has not yet taken what is recorded. */
  #waiting: Promise<readonly Error[]> | undefined;

  constructor(options: OnnxBackendParts) {
    super();
    this.#options = options;
    this.#pool = new BufferPool(options.poolBytes);
    this.#store = new TensorStore(this, this.#pool);
    this.#cache = new GraphCache(options);
    this.#runner = new GraphRunner(options.runtime, this.#cache, this.#pool);
    this.recorder = new Recorder(this.#store, {
      beforeRecord: () => this.#beforeRecord(),
      valuesNow: ({ dataId }) => this.readSync(dataId) as Values,
      disposeData: (dataId) => this.disposeData(dataId),
    });
  }

  // --- storage, as tfjs asks for it ---

  override write(values: BackendValues, shape: number[], dtype: DataType): DataId {
    const dataId = {};
    this.move(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(
    dataId: DataId,
    values: BackendValues,
    shape: number[],
    dtype: DataType,
    references: number,
  ): void {
    if (values.length > 1 && dtype !== "string") {
      if (this.#steps.updated) this.#endStep(); // fresh data after an update belongs to the next step
      const begins = values.length >= smallestData;
      if (begins && this.#store.heldBytes > this.#options.maxHeldBytes) this.#runUnread();
    }
    this.#store.write(dataId, values, shape, dtype, references);
  }

  override async read(dataId: DataId): Promise<BackendValues> {
    const stored = this.#store.get(dataId);
    if (isTexts(stored)) return stored.texts;
    this.#store.fillOnHost(stored);
    if (stored.node && this.#options.runtime.synchronous) this.#runNow();
    else if (stored.node) {
      stored.awaiting++;
      await this.#runLater();
      stored.awaiting--;
    }
    return this.#store.handOut(stored);
  }

  override readSync(dataId: DataId): BackendValues {
    const stored = this.#store.get(dataId);
    if (isTexts(stored)) return stored.texts;
    this.#store.fillOnHost(stored);
    if (stored.node) {
      if (!this.#options.runtime.synchronous) throw readSyncUnavailable(this.#options.runtime.name);
      this.#runNow();
    }
    return this.#store.handOut(stored);
  }

  override disposeData(dataId: DataId, force = false): boolean {
    if (!this.#store.has(dataId)) return true;
    const stored = this.#store.get(dataId);
    stored.references--;
    if (!force && stored.references > 0) return false;
    if (!isTexts(stored)) {
      this.#steps.released(stored);
      this.#thaw(stored);
    }
    this.#store.remove(dataId, stored);
    return true;
  }

  override refCount(dataId: DataId): number {
    return this.#store.has(dataId) ? this.#store.get(dataId).references : 0;
  }

  /** tfjs calls this when a tensor becomes the value of a variable. */
  override incRef(dataId: DataId): void {
    const stored = this.#store.get(dataId);
    stored.references++;
    if (isTexts(stored)) return;
    // Zeroed moments are filled at once: the first step then has the graph of all later ones.
    this.#store.fillOnHost(stored);
    this.#steps.assigned(stored);
  }

  override numDataIds(): number {
    return this.#store.count;
  }

  override memory(): { unreliable: boolean; reasons?: string[] } {
    return { unreliable: true, reasons: ["Recorded tensors take memory only once they are computed."] };
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7; // as all backends with 32-bit floats have it
  }

  override timerAvailable(): boolean {
    return true;
  }

  override async time(run: () => void): Promise<{ kernelMs: number }> {
    const start = performance.now();
    run();
    await this.flush();
    return { kernelMs: performance.now() - start };
  }

  override dispose(): void {
    this.recorder.take();
    this.#cache.clear();
    this.#pool.clear();
  }

  // --- beyond tfjs ---

  /**
   * Computes everything that is recorded and live.
   *
   * @throws OnnxBackendError of the first part that failed
   */
  async flush(): Promise<void> {
    const failures = this.#options.runtime.synchronous ? this.#runNow() : await this.#runLater();
    if (failures.length > 0) throw failures[0];
  }

  /**
   * Makes the present values of variables a part of the graphs that use them: ONNX Runtime then packs them for its
   * matrix products, at the price of memory for the packed copy. A program has one such graph for all its sizes, as
   * long as these change nothing but shapes. For inference. A variable that is assigned to is no longer frozen; once
   * it is disposed of or has a new value, the graphs that held it are freed.
   *
   * @param options.dtype - `"fp32"` (default), or `"q8"`: weights of matrix products are rounded to 8-bit integers, and
   * their floats are let go; a variable that is read gives the rounded numbers from then on
   * @throws OnnxBackendError `OPTION_INVALID` for another dtype
   */
  async freeze(
    variables: Iterable<Variable>,
    { dtype = "fp32" }: { readonly dtype?: FreezeType } = {},
  ): Promise<void> {
    if (!freezeTypes.includes(dtype)) throw unknownFreezeType(dtype);
    await this.flush();
    for (const { dataId } of variables) {
      const entry = this.#store.get(dataId);
      if (isTexts(entry) || entry.constant || this.#frozen.get(entry)?.dtype === dtype) continue;
      this.#thaw(entry);
      this.#frozen.set(entry, { number: ++this.#frozenCount, dtype });
    }
  }

  /**
   * Records what a function does, and does not run it: for export. Follow it by `dropRecorded`, after disposing of what
   * the function left.
   */
  recordOnly(run: () => void): PreparedGraph<RecordedNode<Operation>> {
    run();
    return prepareGraph(this.recorder.recorded, new Map());
  }

  /** Forgets what is recorded; tensors that wait for it must be disposed of. */
  dropRecorded(): void {
    this.#store.settle(this.#takeRecorded());
  }

  /** What stands behind a tensor: for export. */
  entryOf(tensor: TensorInfo): Entry {
    return this.#store.entryOf(tensor);
  }

  statistics(): OnnxBackendStatistics {
    return {
      runs: this.#runner.runs,
      runMs: this.#runner.runMs,
      compilations: this.#cache.compilations,
      compileMs: this.#cache.compileMs,
      graphs: this.#cache.size,
      graphBytes: this.#cache.bytes,
      recorded: this.recorder.recorded.length,
      pooledBytes: this.#pool.bytes,
    };
  }

  // --- internal ---

  #beforeRecord(): void {
    this.#steps.moved();
    if (this.#steps.ended) this.#endStep();
    if (this.recorder.recorded.length >= this.#options.maxRecorded) this.#runUnread();
  }

  /** A weight that is gone, be it for another value, is needed in no graph any more. */
  #thaw(entry: Entry): void {
    const weight = this.#frozen.get(entry);
    if (!weight) return;
    const { number } = weight;
    this.#frozen.delete(entry);
    if (this.#options.runtime.synchronous) this.#cache.releaseFrozen(number);
    else void (this.#running ?? Promise.resolve()).then(() => this.#cache.releaseFrozen(number));
  }

  #takeRecorded(): readonly RecordedNode<Operation>[] {
    this.#steps.begin();
    this.#store.forgetHeld();
    return this.recorder.take();
  }

  /** Runs between two steps of training, so that each is the same graph; very short ones run several at a time. */
  #endStep(): void {
    this.#steps.begin();
    if (this.recorder.recorded.length >= smallestStep) this.#runUnread();
  }

  /** Runs without anyone asking for a value; who asks later learns of a failure. */
  #runUnread(): void {
    if (this.#options.runtime.synchronous) this.#runNow();
    else void this.#runLater();
  }

  #runNow(): readonly Error[] {
    const recorded = this.#takeRecorded();
    const failures = this.#runner.runNow(recorded, this.#frozen);
    this.#store.settle(recorded);
    return failures;
  }

  /** Runs after the run that is under way, if there is one; all who ask meanwhile share one run. */
  #runLater(): Promise<readonly Error[]> {
    this.#waiting ??= this.#runAfter(this.#running);
    this.#running = this.#waiting;
    return this.#waiting;
  }

  async #runAfter(earlier: Promise<unknown> | undefined): Promise<readonly Error[]> {
    await earlier;
    this.#waiting = undefined;
    const recorded = this.#takeRecorded();
    const failures = await this.#runner.runLater(recorded, this.#frozen);
    this.#store.settle(recorded);
    return failures;
  }
}

/** Numbers that the data of a step has at least; fewer are settings, as a learning rate, and may come within a step. */
const smallestData = 16;

/** Operations that a step has at least; a shorter recording does not run of itself when new data comes. */
const smallestStep = 64;

function unknownFreezeType(dtype: unknown): OnnxBackendError {
  return new OnnxBackendError({
    code: "OPTION_INVALID",
    component: "freeze",
    problem: `expected a dtype of ${freezeTypes.join(", ")}, got ${dtype}`,
    remedy: "Leave it out for fp32",
  });
}

function readSyncUnavailable(runtime: string): OnnxBackendError {
  return new OnnxBackendError({
    code: "READ_SYNC_UNAVAILABLE",
    component: "storage",
    problem: `expected a runtime that answers at once, got ${runtime}`,
    remedy: "Use await tensor.data() in place of its synchronous form, or await backend.flush() first",
  });
}
