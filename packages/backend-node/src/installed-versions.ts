import { createRequire } from "node:module";
import * as tf from "@tensorflow/tfjs-core";
import { backendEntries } from "./backends.js";

/**
 * The npm packages that a backend of this package computes with, by version, for records; of another backend tfjs alone. What
 * is not installed is left out.
 *
 * @param name - of the backend, or `onnxruntime-node`, which runs ONNX files without tfjs
 */
export function computingPackages(name: string): Readonly<Record<string, string>> {
  if (name === ONNX_RUNTIME) return versionsOf([ONNX_RUNTIME]);
  const needed = backendEntries.find((entry) => entry.name === name)?.packages ?? [];
  return { "@tensorflow/tfjs-core": tf.version_core, ...versionsOf(needed) };
}

/** Undefined where it is not installed. */
export function installedVersion(name: string): string | undefined {
  const here = createRequire(import.meta.url);
  try {
    // Strict package managers put the runtime beside the one package that depends on it.
    const from =
      name === ONNX_RUNTIME ? createRequire(here.resolve("@textdiffusion/tfjs-backend-onnx")) : here;
    return (from(`${name}/package.json`) as { readonly version?: string }).version;
  } catch {
    return undefined;
  }
}

// --- internal ---

const ONNX_RUNTIME = "onnxruntime-node";

function versionsOf(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const version = installedVersion(name);
      return version === undefined ? [] : [[name, version]];
    }),
  );
}
