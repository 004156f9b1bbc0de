// Times forward passes of a RoBERTa encoder: node bench/tfjs/inference.mjs '{"backend": "onnx", ...}'. Prints one JSON line.
import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "@textdiffusion/backend-node";
import { Random } from "@textdiffusion/core";
import { createModel } from "@textdiffusion/models";
import { installOnnxBackend } from "@textdiffusion/tfjs-backend-onnx";

const options = JSON.parse(process.argv[2]);
const { batch, seq, vocab, masked } = options;
const onnx =
  options.backend === "onnx"
    ? await installOnnxBackend({ threads: options.threads, ...options.onnx })
    : undefined;
if (!onnx) await startBackend(options.backend);

const sizes = {
  layers: options.layers,
  hidden: options.hidden,
  heads: options.heads,
  feedForward: options.feedForward,
};
const model = await createModel(
  { architecture: "roberta", ...sizes, vocabularySize: vocab, maxLength: seq, dropout: 0 },
  Random.fromSeed(1),
);
if (options.freeze) await onnx.freeze(model.parameters.values());
const random = Random.fromSeed(2);
const attentionMask = new Uint8Array(batch * seq).fill(1);
const positions = Int32Array.from({ length: masked }, (_, position) => position);

const times = [];
for (let round = 0; round < options.warmUp + options.samples; round++) {
  const ids = Int32Array.from({ length: batch * seq }, (_, place) => random.integer(vocab, round, place));
  const start = performance.now();
  const logits = model.logits({ batch, seq, ids, attentionMask, positions });
  await logits.data();
  logits.dispose();
  times.push(performance.now() - start);
}
const statistics = onnx?.statistics();
if (onnx) tf.removeBackend("onnx"); // writes the profiles, where they were asked for
const peakMb = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ ms: times.slice(options.warmUp), peakMb, statistics }));
