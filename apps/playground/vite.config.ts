import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { sourceAliases } from "../../scripts/source-aliases.js";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "./", // any folder of any static host
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
