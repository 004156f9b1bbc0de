import type { Backend } from "@textdiffusion/core";
import { createBackendOn } from "@textdiffusion/tfjs-backends";
import { webPlatform } from "./backends.js";
import type { WebBackendOptions } from "./web-backend-options.js";

export interface CreateBackendOptions extends WebBackendOptions {
  /** "auto" (default) takes the first of the list that starts in this browser and is not imitated by the processor. */
  readonly name?: string;
}

/**
 * A backend that is not yet started. That of "auto" tells in `passedBy` why it is none of the others.
 *
 * @throws DiffusionError `UNKNOWN_COMPONENT` that lists what is known
 */
export function createBackend({ name = "auto", ...options }: CreateBackendOptions = {}): Backend {
  return createBackendOn(webPlatform, name, options);
}

/**
 * Creates a backend and starts it, on a page or in a Worker.
 *
 * ```ts
 * const backend = await startBackend("wasm", { wasmPaths: "/wasm/" });
 * ```
 *
 * @throws DiffusionError `UNKNOWN_COMPONENT`, `BACKEND_UNAVAILABLE`
 */
export async function startBackend(name = "auto", options: WebBackendOptions = {}): Promise<Backend> {
  const backend = createBackend({ name, ...options });
  await backend.start();
  return backend;
}
