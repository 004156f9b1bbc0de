/** What a backend can do on this machine. */
export interface BackendCapabilities {
  /** Gradients are available and tested. */
  readonly trains: boolean;
  readonly precision: "float32" | "float16";
  /** The device in words: `2 x AMD EPYC, wasm SIMD`. */
  readonly device: string;
}

export interface BackendMemory {
  /** Live tensors. */
  readonly tensors: number;
  /** Bytes that those tensors hold. */
  readonly bytes: number;
}

/**
 * Where tensors live and kernels run. Importing a backend does nothing; `start` registers kernels and gradients.
 *
 * Laws (testkit `backendLaws`): it refuses to say what it can do before it is started; start and dispose may each be
 * called twice, and dispose before start; a started backend names its device and precision and counts its memory;
 * starting, working and disposing leave no tensor behind; formulas, and their gradients if it trains, agree with the host.
 */
export interface Backend {
  readonly name: string;
  /** Known once started. */
  readonly capabilities: BackendCapabilities;
  /** @throws DiffusionError `BACKEND_UNAVAILABLE`, with what to install or to choose instead. */
  start(): Promise<void>;
  dispose(): Promise<void>;
  memory(): BackendMemory;
}
