// What bench/backends.mjs measures on each backend, in Node and, bundled, in a browser.
import * as tf from "@tensorflow/tfjs-core";
import { Random } from "@textdiffusion/core";
import { maskedLanguageModelDenoiser, modelFromFiles } from "@textdiffusion/models";
import {
  attentionBias,
  gatherRows,
  gelu,
  layerNorm,
  multiHeadAttention,
  sparseCrossEntropy,
} from "@textdiffusion/ops";
import { createLearner } from "@textdiffusion/training/web";

const [batch, seq, hidden, heads, vocab] = [4, 32, 128, 4, 512];
const rows = batch * seq;

/** Name, shapes of the inputs that are differentiated, and the operation; `ids` are below vocab. */
const operations = [
  [
    "matrix product",
    [
      [rows, hidden],
      [hidden, hidden],
    ],
    (a, b) => tf.matMul(a, b),
  ],
  [
    "product with a transposed table",
    [
      [rows, hidden],
      [vocab, hidden],
    ],
    (a, b) => tf.matMul(a, b, false, true),
  ],
  [
    "batched product",
    [
      [batch, heads, seq, 32],
      [batch, heads, seq, 32],
    ],
    (a, b) => tf.matMul(a, b, false, true),
  ],
  ["softmax", [[rows, vocab]], (x) => tf.softmax(x)],
  [
    "layer norm",
    [[rows, hidden], [hidden], [hidden]],
    (x, scale, offset) => layerNorm(x, scale, offset, 1e-5),
  ],
  ["GELU", [[rows, hidden]], (x) => gelu(x)],
  ["gather (embedding)", [[vocab, hidden]], (table, { ids }) => gatherRows(table, ids)],
  ["one-hot", [[rows, vocab]], (x, { ids }) => tf.mul(x, tf.cast(tf.oneHot(ids, vocab), "float32"))],
  ["cross entropy", [[rows, vocab]], (x, { ids }) => sparseCrossEntropy(x, ids)],
  [
    "attention",
    [
      [rows, hidden],
      [rows, hidden],
      [rows, hidden],
    ],
    (queries, keys, values, { mask }) =>
      multiHeadAttention({ batch, seq, heads, queries, keys, values, bias: attentionBias(mask) }),
  ],
  ["add with broadcast, multiply", [[rows, hidden], [hidden]], (x, b) => tf.mul(tf.add(x, b), x)],
  ["exponential, logarithm", [[rows, hidden]], (x) => tf.log(tf.add(tf.exp(x), 1))],
  ["sum and mean of rows", [[rows, hidden]], (x) => tf.add(tf.sum(x, 1), tf.mean(x, 1))],
  ["transpose", [[batch, seq, hidden]], (x) => tf.transpose(x, [0, 2, 1])],
  [
    "slice, concat",
    [[rows, hidden]],
    (x) => tf.concat([tf.slice(x, [0, 64], [rows, 64]), tf.slice(x, [0, 0], [rows, 64])], 1),
  ],
];

/** Of the tiny model's tokenizer. */
const MASK = 4;

const random = Random.fromSeed(11);
const numbers = (name, size) =>
  Float32Array.from({ length: size }, (_, place) => 2 * random.split(name).uniform(place) - 1);
const idsBelow = (name, end, size) =>
  Int32Array.from({ length: size }, (_, place) => random.split(name).integer(end, place));

/** At most a thousand numbers of a tensor, evenly spread: millions would have to come out of the browser. */
function sample(data) {
  const stride = Math.max(1, Math.floor(data.length / 1000));
  return Array.from({ length: Math.ceil(data.length / stride) }, (_, place) => data[place * stride]);
}

/**
 * Each operation on the active backend.
 *
 * @param files - of the tiny model
 * @returns by name: `forward` and `gradient`, lists of arrays of numbers, and `times` in milliseconds of forward and gradient together,
 *   or the `error` of what failed
 */
export async function measureAll(files, { budgetMs = 700, most = 15 } = {}) {
  if ("WEBGPU_CPU_FORWARD" in tf.env().flagRegistry) tf.env().set("WEBGPU_CPU_FORWARD", false); // small tensors, too
  const results = {};
  const note = async (name, measure) => {
    results[name] = await measure().catch((error) => ({ error: String(error) }));
  };
  for (const [name, shapes, run] of operations) await note(name, () => measureOperation(name, shapes, run));
  await note("denoising step, tiny model", denoisingStep);
  await note("training step, tiny model", trainingStep);
  return results;

  async function repeat(work) {
    const times = [];
    const before = performance.now();
    await work();
    // The recorded graphs are compiled anew for what became an input; what takes seconds records nothing.
    if (performance.now() - before < 1000) await work();
    for (let spent = 0; times.length < 3 || (spent < budgetMs && times.length < most); ) {
      const before = performance.now();
      await work();
      times.push(performance.now() - before);
      spent += times.at(-1);
    }
    return times;
  }

  async function measureOperation(name, shapes, run) {
    const inputs = shapes.map((shape, index) =>
      tf.tensor(numbers(`${name} ${index}`, tf.util.sizeFromShape(shape)), shape),
    );
    const extra = { ids: tf.tensor1d(idsBelow(name, vocab, rows), "int32"), mask: tf.ones([batch, seq]) };
    const output = tf.tidy(() => run(...inputs, extra));
    const upstream = tf.tensor(numbers(`${name} upstream`, output.size), output.shape);
    output.dispose();
    const both = () =>
      tf.tidy(() => {
        let value;
        const gradients = tf.grads((...xs) => {
          value = tf.keep(run(...xs, extra));
          return tf.sum(tf.mul(value, upstream));
        })(inputs);
        return [value, ...gradients];
      });
    const read = async () => {
      const tensors = both();
      const values = await Promise.all(tensors.map((tensor) => tensor.data()));
      tf.dispose(tensors);
      return values.map((each) => [...each]);
    };
    const [forward, ...gradient] = await read();
    const times = await repeat(read);
    tf.dispose([inputs, extra.ids, extra.mask, upstream]);
    return { forward: [forward], gradient, times };
  }

  async function denoisingStep() {
    const model = await modelFromFiles(files);
    const denoiser = maskedLanguageModelDenoiser(model, { maskTokenId: MASK });
    const [length, masked] = [64, 32];
    const ids = Int32Array.from({ length }, (_, place) => (place < masked ? MASK : 60 + (place % 60)));
    const editable = Uint8Array.from(ids, (id) => Number(id === MASK));
    const positions = Int32Array.from({ length: masked }, (_, place) => place);
    const input = {
      batch: 1,
      positions,
      seq: length,
      ids,
      attentionMask: new Uint8Array(length).fill(1),
      editable,
      time: Float64Array.of(0.5),
    };
    const uniforms = Float64Array.from({ length: masked }, (_, place) =>
      random.split("draws").uniform(place),
    );
    const step = async () => {
      const distributions = await denoiser.denoise(input);
      const draws = await distributions.draw({ temperature: 1 }, uniforms);
      distributions.dispose();
      return [[...draws.logProbs], [...draws.tokens]];
    };
    const forward = await step();
    const times = await repeat(step);
    denoiser.dispose();
    return { forward, gradient: [], times };
  }

  async function trainingStep() {
    const model = await modelFromFiles(files);
    const learner = createLearner(model, { epsilon: 1e-6 });
    const [count, length] = [2, 32];
    const cleanIds = Int32Array.from({ length: count * length }, (_, place) => 60 + ((place * 7) % 60));
    const noiseMask = Uint8Array.from(cleanIds, (_, place) => Number(place % 2 === 0));
    const batchOfRows = {
      batch: count,
      seq: length,
      cleanIds,
      noisedIds: cleanIds.map((id, place) => (noiseMask[place] ? MASK : id)),
      noiseMask,
      attentionMask: new Uint8Array(count * length).fill(1),
      time: new Float64Array(count).fill(0.5),
      lossWeight: Float32Array.from(noiseMask),
      lossDenominator: count * length * 0.5,
      maskableCount: count * length,
    };
    let steps = 0;
    const step = () =>
      learner.step({
        batches: [batchOfRows],
        learningRate: 1e-4,
        clipNorm: 1e9,
        random: random.split("step", steps++),
      });
    const { lossNats } = await step();
    const state = await learner.state();
    // The first moment after one step is the gradient, times a constant.
    const gradient = Object.keys(state)
      .filter((name) => name.startsWith("first-moment/"))
      .sort()
      .map((name) => sample(state[name].data));
    const times = await repeat(step);
    learner.dispose();
    model.dispose();
    return { forward: [[lossNats]], gradient, times };
  }
}
