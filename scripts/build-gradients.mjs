// Bundles the gradients of tfjs-core for Node into dist/gradients.node.js of the package that registers them.
//
// Node resolves tfjs-core to a file without gradients, and the modules that have them use import paths that Node
// refuses. Importing the bundle registers them with the tfjs-core of the process, because tfjs keeps its registries
// on the global object. Run as a script it always builds; as vitest's global setup only when the file is missing.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const outfile = fileURLToPath(
  new URL("../packages/tfjs-backend-onnx/dist/gradients.node.js", import.meta.url),
);

export async function buildGradients() {
  await build({
    stdin: {
      contents: 'import "@tensorflow/tfjs-core/dist/register_all_gradients";',
      resolveDir: fileURLToPath(new URL("../packages/tfjs-backend-onnx/", import.meta.url)),
    },
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    mainFields: ["module", "main"], // all of it from the ES modules, so that nothing is bundled twice
    minify: true,
    legalComments: "eof", // the licence of tfjs travels with its code
    logLevel: "warning",
  });
}

export default async function setup() {
  if (!existsSync(outfile)) await buildGradients();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildGradients();
