// Times training steps on a tfjs backend: node bench/tfjs/training-step.mjs '{"backend": "onnx", ...}'. Prints one JSON line.
import * as tf from "@tensorflow/tfjs-core";
import { Random } from "@textdiffusion/core";
import { sparseCrossEntropy } from "@textdiffusion/ops";
// The part of the package that is not public: a step without a learner, as the peers do it.
import { createAdamW } from "../../packages/training/dist/learner/adam-w.js";
import { decodeLearnerOptions } from "../../packages/training/dist/learner/learner-options.js";
import { startModel } from "./start-model.mjs";

const { options, onnx, model } = await startModel();
const { batch, seq, vocab } = options;
const parameters = [...model.parameters.values()];
const names = [...model.parameters.keys()];
const optimizer = createAdamW(model.parameters, decodeLearnerOptions({ weightDecay: 0.01 }));
const attentionMask = new Uint8Array(batch * seq).fill(1);
const positions = Int32Array.from({ length: batch * seq }, (_, position) => position);
const random = Random.fromSeed(2);
const tokens = (step) => {
  const stream = random.split(step);
  return Int32Array.from({ length: batch * seq }, (_, place) => stream.integer(vocab, place));
};

const times = [];
const outsideTimes = [];
const processorTimes = [];
const losses = [];
for (let step = 0; step < options.warmUp + options.samples; step++) {
  const [ids, labels] = [tokens(2 * step), tokens(2 * step + 1)];
  const inRuns = onnx?.statistics().runMs ?? 0;
  const processor = process.cpuUsage();
  const start = performance.now();
  const loss = tf.tidy(() => {
    const { value, grads } = tf.variableGrads(
      () =>
        tf.mean(
          sparseCrossEntropy(
            model.logits({ batch, seq, ids, attentionMask, positions }),
            tf.tensor1d(labels, "int32"),
          ),
        ),
      parameters,
    );
    const gradients = new Map(names.map((name, place) => [name, grads[parameters[place].name]]));
    optimizer.update(gradients, { learningRate: 1e-4 }).keep();
    return value;
  });
  losses.push((await loss.data())[0]);
  loss.dispose();
  times.push(performance.now() - start);
  const { user, system } = process.cpuUsage(processor);
  processorTimes.push((user + system) / 1000);
  outsideTimes.push(times.at(-1) - ((onnx?.statistics().runMs ?? 0) - inRuns));
}
const statistics = onnx?.statistics();
const samples = (list) => list.slice(options.warmUp);
const peakMb = process.resourceUsage().maxRSS / 1024;
if (onnx) tf.removeBackend("onnx"); // writes the profiles, where they were asked for
console.log(
  JSON.stringify({
    ms: samples(times),
    outsideMs: samples(outsideTimes),
    processorMs: samples(processorTimes),
    losses,
    peakMb,
    statistics,
  }),
);
