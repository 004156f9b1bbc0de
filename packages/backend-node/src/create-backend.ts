import { type Backend, DiffusionError } from "@textdiffusion/core";
import { createBackendOn } from "@textdiffusion/tfjs-backends";
import { nodePlatform } from "./backends.js";
import type { NodeBackendOptions } from "./node-backend-options.js";

export interface CreateBackendOptions extends NodeBackendOptions {
  /** "auto" (default) takes the first of the list that starts on this machine. */
  readonly name?: string;
}

/**
 * A backend that is not yet started. That of "auto" tells in `passedBy` why it is none of the others.
 *
 * @throws DiffusionError `UNKNOWN_COMPONENT` that lists what is known, `UNKNOWN_OPTION` for a provider of another backend than `onnx`
 */
export function createBackend({ name = "auto", ...options }: CreateBackendOptions = {}): Backend {
  if (options.provider !== undefined && name !== "onnx") {
    throw new DiffusionError({
      code: "UNKNOWN_OPTION",
      component: `backend-node/${name}`,
      problem: `expected options of the backend "${name}", got provider, which only "onnx" has`,
      remedy: 'Leave it out, or ask for the backend "onnx"',
    });
  }
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
export async function startBackend(name = "auto", options: NodeBackendOptions = {}): Promise<Backend> {
  const backend = createBackend({ name, ...options });
  await backend.start();
  return backend;
}
