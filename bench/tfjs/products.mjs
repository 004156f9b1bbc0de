// Runs plain matrix products on the backend "onnx": node bench/tfjs/products.mjs '{"products": ["1 x 2048 x 384 x 384"], ...}'.
// Each is written as batch x rows x inner x columns. Their times are in the runtime's profile.
import * as tf from "@tensorflow/tfjs-core";
import { installOnnxBackend } from "@textdiffusion/tfjs-backend-onnx";

const { products, threads, onnx } = JSON.parse(process.argv[2]);
const backend = await installOnnxBackend({ threads, ...onnx });
const factors = products.map((product) => {
  const [batch, rows, inner, columns] = product.split(" x ").map(Number);
  const leading = batch > 1 ? [batch] : [];
  return [
    [...leading, rows, inner],
    [...leading, inner, columns],
  ].map((shape) => tf.randomUniform(shape));
});
for (let round = 0; round < 8; round++) {
  const results = factors.map(([left, right]) => tf.matMul(left, right));
  await backend.flush();
  tf.dispose(results);
}
tf.removeBackend("onnx"); // writes the profile
console.log(JSON.stringify({ products: products.length }));
