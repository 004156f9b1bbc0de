// Matrix products on the wasm backend: the kernel as tfjs ships it against ours. Prints medians and their ratio.
// Run after a build: node bench/wasm-matmul.mjs
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "@textdiffusion/backend-node";

const original = tf.getKernel("BatchMatMul", "wasm").kernelFunc;
const backend = await startBackend("wasm");
const repaired = tf.getKernel("BatchMatMul", "wasm").kernelFunc;
console.log(backend.capabilities.device);

/** [what, shape of a, shape of b, transposeA, transposeB] */
const products = [
  ["attention scores", [64, 128, 32], [64, 128, 32], false, true],
  ["attention values", [64, 128, 128], [64, 128, 32], false, false],
  ["attention, gradient of b", [64, 128, 128], [64, 128, 32], true, false],
  ["attention scores, 12 heads", [12, 256, 64], [12, 256, 64], false, true],
  ["feed forward (as shipped)", [2048, 128], [128, 512], false, false],
  ["feed forward, gradient of a", [2048, 512], [128, 512], false, true],
  ["feed forward, gradient of b", [2048, 128], [2048, 512], true, false],
  ["tied output layer", [64, 256], [8192, 256], false, true],
  ["tied output layer, gradient", [64, 8192], [64, 256], true, false],
  ["many small", [512, 16, 16], [512, 16, 16], false, true],
  ["very small", [4, 8], [8, 8], false, true],
];

console.log(
  "product".padEnd(30),
  "tfjs ms".padStart(10),
  "ours ms".padStart(10),
  "ratio".padStart(8),
  "GFLOP/s".padStart(9),
);
for (const [name, shapeA, shapeB, transposeA, transposeB] of products) {
  const a = tf.randomUniform(shapeA, -1, 1);
  const b = tf.randomUniform(shapeB, -1, 1);
  const run = (kernelFunc) => {
    const call = { inputs: { a, b }, attrs: { transposeA, transposeB }, backend: tf.backend() };
    const start = performance.now();
    const product = kernelFunc(call);
    const elapsed = performance.now() - start;
    tf.backend().disposeData(product.dataId);
    return elapsed;
  };
  const samples = { theirs: [], ours: [] };
  for (let round = 0; round < 9; round++) {
    samples.theirs.push(run(original));
    samples.ours.push(run(repaired));
  }
  const theirs = median(samples.theirs);
  const ours = median(samples.ours);
  const columns = transposeB ? shapeB.at(-2) : shapeB.at(-1);
  const operations = 2 * a.size * columns;
  console.log(
    name.padEnd(30),
    theirs.toFixed(3).padStart(10),
    ours.toFixed(3).padStart(10),
    (theirs / ours).toFixed(1).padStart(8),
    (operations / ours / 1e6).toFixed(1).padStart(9),
  );
  tf.dispose([a, b]);
}
await backend.dispose();

function median(values) {
  return values.sort((x, y) => x - y)[values.length >> 1];
}
