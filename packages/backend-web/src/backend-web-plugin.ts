import { API_VERSION, defineBackend, definePlugin } from "@textdiffusion/core";
import type { BackendOptions } from "@textdiffusion/tfjs-backends/options";
import { z } from "zod";
import { backendEntries } from "./backends.js";
import { createBackend } from "./create-backend.js";
import type { WebBackendOptions } from "./web-backend-options.js";

declare module "@textdiffusion/core" {
  interface KnownBackends {
    webgl: BackendOptions;
    webgpu: BackendOptions;
  }
}

const options = z.strictObject({
  threads: z
    .int()
    .positive()
    .optional()
    .describe("Upper bound on threads; default of onnx what the page may share, of wasm 1"),
  wasmPaths: z
    .union([z.string(), z.record(z.string(), z.string())])
    .optional()
    .describe("Where tfjs's .wasm files lie"),
  onnxRuntime: z
    .custom<WebBackendOptions["onnxRuntime"]>((value) => value === undefined || typeof value === "function")
    .optional()
    .describe("Imports onnxruntime-web"),
});

const description = `the first of ${backendEntries.map((entry) => entry.name).join(", ")} that starts`;

/** The backends of this package by name, and "auto". Its names are those of backend-node where both know one: list one of the two. */
export const backendWebPlugin = definePlugin({
  name: "@textdiffusion/backend-web",
  apiVersion: API_VERSION,
  backends: [{ name: "auto", description }, ...backendEntries].map((entry) =>
    defineBackend({
      name: entry.name,
      description: entry.description,
      options,
      create: (decoded) => createBackend({ name: entry.name, ...decoded }),
    }),
  ),
});
