import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { sourceAliases } from "../../scripts/source-aliases.js";
import { offlineSite } from "./offline-site.js";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "./", // any folder of any static host
  // Of WebAssembly, browsers of today ask for the file with SIMD; the runtime of ONNX is 14 MB.
  plugins: [offlineSite((file) => !/\.wasm$|\/ort\./.test(file) || file.includes("tfjs-backend-wasm-simd"))],
  resolve: {
    alias: [
      ...sourceAliases,
      // The page writes and does not train: 126 kB less.
      {
        find: "@tensorflow/tfjs-core/dist/register_all_gradients.js",
        replacement: fileURLToPath(new URL("src/no-gradients.ts", import.meta.url)),
      },
    ],
  },
  worker: { format: "es", rolldownOptions: { external: [/^node:/, "tinyglobby"] } }, // reached only by who names a file
  build: {
    target: "es2023", // replays that are exported carry the text of the element
    assetsInlineLimit: 0,
    modulePreload: false,
    chunkSizeWarningLimit: 1500,
  },
});
