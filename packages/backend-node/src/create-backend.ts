import type { Backend } from "@textdiffusion/core";
import { createBackendOn } from "@textdiffusion/tfjs-backends";
import type { BackendOptions } from "@textdiffusion/tfjs-backends/options";
import { nodePlatform } from "./backends.js";

export interface CreateBackendOptions extends BackendOptions {
  /** "auto" (default) takes the first of the list that starts on this machine. */
  readonly name?: string;
}

/**
 * A backend that is not yet started.
 *
 * @throws DiffusionError `UNKNOWN_COMPONENT` that lists what is known
 */
export function createBackend({ name = "auto", ...options }: CreateBackendOptions = {}): Backend {
  return createBackendOn(nodePlatform, name, options);
}

/**
 * Creates a backend and starts it.
 *
 * ```ts
 * const backend = await startBackend("wasm");
 * ```
 *
 * @throws DiffusionError `UNKNOWN_COMPONENT`, `BACKEND_UNAVAILABLE`
 */
export async function startBackend(name = "auto", options: BackendOptions = {}): Promise<Backend> {
  const backend = createBackend({ name, ...options });
  await backend.start();
  return backend;
}
