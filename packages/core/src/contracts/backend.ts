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
 * Laws (testkit `backendLaws`): start and dispose may each be called twice; a started backend names its device and
 * precision and counts its memory; starting and disposing leaves no tensor behind.
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
