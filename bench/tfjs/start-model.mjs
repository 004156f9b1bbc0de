// What the benchmarks on tfjs share: the options of the command line, the backend, and a fresh RoBERTa encoder of their sizes.
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "@textdiffusion/backend-node";
import { Random } from "@textdiffusion/core";
import { createModel } from "@textdiffusion/models";
import { installOnnxBackend } from "@textdiffusion/tfjs-backend-onnx";

const shippedProduct = tf.getKernel("BatchMatMul", "wasm");

/** @returns the options, the model, and the backend where it is `onnx` */
export async function startModel() {
  const options = JSON.parse(process.argv[2]);
  const onnx =
    options.backend === "onnx"
      ? await installOnnxBackend({ threads: options.threads, ...options.onnx })
      : undefined;
  if (!onnx) await startBackend(options.backend);
  if (options.asShipped) {
    tf.unregisterKernel("BatchMatMul", "wasm");
    tf.registerKernel(shippedProduct);
  }
  const { layers, hidden, heads, feedForward, vocab, seq } = options;
  const sizes = { layers, hidden, heads, feedForward, vocabularySize: vocab, maxLength: seq };
  const model = await createModel({ architecture: "roberta", ...sizes, dropout: 0 }, Random.fromSeed(1));
  return { options, onnx, model };
}
