import * as tf from "@tensorflow/tfjs-core";
import { backendEntries } from "./backends.js";
import { installedVersion, ONNX_RUNTIME } from "./package-version.js";

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

// --- internal ---

function versionsOf(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const version = installedVersion(name);
      return version === undefined ? [] : [[name, version]];
    }),
  );
}
