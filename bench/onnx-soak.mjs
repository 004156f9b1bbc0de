// Trains and generates for a long time with a small network and changing lengths, and watches the resident memory.
//
//   node --expose-gc bench/onnx-soak.mjs [--steps 2000] [--generations 500]
//
// Prints the memory in tenths of each part, and fails when it grows after the first half by more than its noise.
import * as tf from "@tensorflow/tfjs-core";
import { Random } from "@textdiffusion/core";
import { createModel } from "@textdiffusion/models";
import { sparseCrossEntropy } from "@textdiffusion/ops";
import { installOnnxBackend } from "@textdiffusion/tfjs-backend-onnx";

const asked = process.argv.slice(2);
const option = (name, fallback) => (asked.includes(name) ? Number(asked[asked.indexOf(name) + 1]) : fallback);
const backend = await installOnnxBackend({ threads: 2, maxGraphs: 16 });
const vocab = 200;
const model = await createModel(
  {
    architecture: "roberta",
    layers: 2,
    hidden: 64,
    heads: 2,
    vocabularySize: vocab,
    maxLength: 64,
    dropout: 0,
  },
  Random.fromSeed(1),
);
const parameters = [...model.parameters.values()];
const inputOf = (batch, seq, round) => ({
  batch,
  seq,
  ids: Int32Array.from({ length: batch * seq }, (_, place) => 2 + ((place * 7 + round) % (vocab - 2))),
  attentionMask: new Uint8Array(batch * seq).fill(1),
  positions: Int32Array.from({ length: batch * seq }, (_, place) => place),
});

const optimizer = tf.train.adam(1e-3);
await watch("training steps", option("--steps", 2000), async (step) => {
  const input = inputOf(8, 16 * (1 + (step % 4)), step); // four lengths, as rows padded to buckets have them
  const labels = tf.tensor1d(input.ids, "int32");
  const loss = optimizer.minimize(
    () => tf.mean(sparseCrossEntropy(model.logits(input), labels)),
    true,
    parameters,
  );
  await loss.data();
  tf.dispose([loss, labels]);
});
await watch("generations", option("--generations", 500), async (round) => {
  const length = 8 + ((round * 13) % 56); // every length: more shapes than graphs are kept
  for (let forward = 0; forward < 4; forward++) {
    const logits = model.logits(inputOf(1, length, round + forward));
    await logits.data();
    logits.dispose();
  }
});

async function watch(what, count, run) {
  const marks = [];
  for (let round = 0; round < count; round++) {
    await run(round);
    if ((round + 1) % Math.ceil(count / 10) !== 0) continue;
    globalThis.gc?.();
    marks.push(process.memoryUsage.rss() / 2 ** 20);
  }
  const { graphs, graphBytes, compilations, pooledBytes } = backend.statistics();
  const { numTensors } = tf.memory();
  console.log(`${count} ${what}: resident MB ${marks.map((mark) => mark.toFixed(0)).join(" ")}`);
  console.log(JSON.stringify({ graphs, graphBytes, compilations, pooledBytes, numTensors }));
  const half = marks.slice(marks.length / 2);
  const growth = half.at(-1) - half[0];
  const noise = Math.max(10, 0.05 * half[0]);
  if (growth > noise) {
    console.error(
      `${what}: grew by ${growth.toFixed(0)} MB in the second half, more than ${noise.toFixed(0)} MB of noise`,
    );
    process.exitCode = 1;
  }
}
