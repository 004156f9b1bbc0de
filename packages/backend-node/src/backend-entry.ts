/** What differs between the tfjs backends for Node; everything they share is in `node-backend.ts`. */
export interface BackendEntry {
  /** The name in configs, which is also the name under which tfjs knows the backend. */
  readonly name: string;
  /** One line for listings. */
  readonly description: string;
  /** npm packages that it needs, for `doctor`. */
  readonly packages: readonly string[];
  /** Imports what it needs and repairs its kernels. Whatever it throws makes the backend unavailable. */
  load(options: BackendOptions): Promise<void>;
  /** The device in words. */
  device(): string;
  /** What to do when `load` or the backend's own start fails. */
  readonly remedy: string;
}

export interface BackendOptions {
  /** Upper bound on threads. Default: what the machine has. Backends that know one thread only use one. */
  readonly threads?: number;
}
