// Times forward passes of a RoBERTa encoder: node bench/tfjs/inference.mjs '{"backend": "onnx", ...}'. Prints one JSON line.
import * as tf from "@tensorflow/tfjs-core";
import { Random } from "@textdiffusion/core";
import { millisecondsSince } from "../measure.mjs";
import { startModel } from "./start-model.mjs";

const { options, onnx, model } = await startModel();
const { batch, seq, vocab, masked } = options;
if (options.freeze) await onnx.freeze(model.parameters.values(), { dtype: options.freeze });
const random = Random.fromSeed(2);
const attentionMask = new Uint8Array(batch * seq).fill(1);
const positions = Int32Array.from({ length: masked }, (_, position) => position);

const times = [];
const processorTimes = [];
for (let round = 0; round < options.warmUp + options.samples; round++) {
  const ids = Int32Array.from({ length: batch * seq }, (_, place) => random.integer(vocab, round, place));
  const [start, processor] = [performance.now(), process.cpuUsage()];
  const logits = model.logits({ batch, seq, ids, attentionMask, positions });
  await logits.data();
  logits.dispose();
  times.push(performance.now() - start);
  processorTimes.push(millisecondsSince(processor));
}
const statistics = onnx?.statistics();
if (onnx) tf.removeBackend("onnx"); // writes the profiles, where they were asked for
const peakMb = process.resourceUsage().maxRSS / 1024;
const [ms, processorMs] = [times, processorTimes].map((each) => each.slice(options.warmUp));
console.log(JSON.stringify({ ms, processorMs, peakMb, statistics }));
