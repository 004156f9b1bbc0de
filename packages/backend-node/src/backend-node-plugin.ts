import { API_VERSION, defineBackend, definePlugin } from "@textdiffusion/core";
import type { BackendOptions } from "@textdiffusion/tfjs-backends/options";
import { z } from "zod";
import { backendEntries } from "./backends.js";
import { createBackend } from "./create-backend.js";
import { type NodeBackendOptions, onnxProviders } from "./node-backend-options.js";

declare module "@textdiffusion/core" {
  interface KnownBackends {
    auto: BackendOptions;
    cpu: BackendOptions;
    cuda: BackendOptions;
    onnx: NodeBackendOptions;
    tensorflow: BackendOptions;
    wasm: BackendOptions;
    webgpu: BackendOptions;
  }
}

const options = z.strictObject({
  threads: z.int().positive().optional().describe("Upper bound on threads; default what the machine has"),
});

const onnxOptions = options.extend({
  provider: z.enum(onnxProviders).optional().describe("Where ONNX Runtime computes; default cpu"),
});

const description = `the first of ${backendEntries.map((entry) => entry.name).join(", ")} that starts`;

/** The backends of this package by name, and "auto". */
export const backendNodePlugin = definePlugin({
  name: "@textdiffusion/backend-node",
  apiVersion: API_VERSION,
  backends: [{ name: "auto", description }, ...backendEntries].map((entry) =>
    defineBackend({
      name: entry.name,
      description: entry.description,
      options: entry.name === "onnx" ? onnxOptions : options,
      create: (decoded: NodeBackendOptions) => createBackend({ name: entry.name, ...decoded }),
    }),
  ),
});
