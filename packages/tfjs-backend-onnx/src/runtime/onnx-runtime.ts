import type { ComputedType, Values } from "../recording/recorded-node.js";

/** Weights that a graph reads from memory beside the model: no copy into the model, and no limit of 2 GB. */
export interface ExternalData {
  /** The location that the constants of the model name. */
  readonly path: string;
  readonly data: Uint8Array;
}

export interface SessionSettings {
  /** Threads inside one operator. */
  readonly threads: number;
  /** In the runtime's order of preference; each falls back to the next, and all to `cpu`. */
  readonly executionProviders: readonly string[];
  readonly optimizationLevel: "disabled" | "basic" | "extended" | "all";
  /** Keeps freed memory for the next run: faster, and the process stays at its peak. */
  readonly memoryArena: boolean;
  readonly externalData: readonly ExternalData[];
  /** The runtime writes a profile of each session to files that begin so. */
  readonly profilePrefix?: string;
}

/**
 * What the backend asks of an ONNX runtime. `onnxruntime-node` and `onnxruntime-web` are given; another needs these
 * few functions.
 */
export interface OnnxRuntime {
  readonly name: string;
  /** Whether `load` and `run` answer at once, so that `readSync` works. */
  readonly synchronous: boolean;
  /** Whether every graph should have `sentinel` as its first output, which `run` knows how to use. */
  readonly wantsSentinel: boolean;
  /** A view of the values: the runtime reads and writes the array itself. */
  tensor(type: ComputedType, values: Values, shape: readonly number[]): unknown;
  load(model: Uint8Array, settings: SessionSettings): OnnxSession | Promise<OnnxSession>;
}

export interface OnnxSession {
  /**
   * Runs the graph.
   *
   * @param feeds - tensors by the names of the graph's inputs
   * @param fetches - tensors by the names of the graph's outputs, whose arrays are filled
   */
  run(feeds: Record<string, unknown>, fetches: Record<string, unknown>): void | Promise<void>;
  release(): void;
}

/** The name of an output that holds one number of a type that JavaScript has not, bfloat16. */
export const sentinel = "sentinel";
