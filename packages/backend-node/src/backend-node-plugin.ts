import { API_VERSION, defineBackend, definePlugin } from "@textdiffusion/core";
import type { BackendOptions } from "@textdiffusion/tfjs-backends/options";
import { z } from "zod";
import { backendEntries } from "./backends.js";
import { createBackend } from "./create-backend.js";

declare module "@textdiffusion/core" {
  interface KnownBackends {
    auto: BackendOptions;
    cpu: BackendOptions;
    onnx: BackendOptions;
    wasm: BackendOptions;
  }
}

const options = z.strictObject({
  threads: z.int().positive().optional().describe("Upper bound on threads; default what the machine has"),
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
      options,
      create: (decoded) => createBackend({ name: entry.name, ...decoded }),
    }),
  ),
});
