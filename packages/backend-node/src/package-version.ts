import { createRequire } from "node:module";

export const ONNX_RUNTIME = "onnxruntime-node";

/** The version of an npm package as this one finds it, undefined where it is not installed. */
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
