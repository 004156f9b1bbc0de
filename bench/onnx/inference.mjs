// The network of the inference benchmark as somebody would write it by hand for ONNX Runtime: weights inside the model,
// layer normalisation and Gelu as single operators, fixed shapes left open. Answers each line of input with one pass and a
// line of JSON.
import { InferenceSession, Tensor } from "onnxruntime-node";
import { encodeModel } from "../../packages/tfjs-backend-onnx/dist/model/onnx-model.js";
import { answerInTurns } from "../in-turns.mjs";

const options = JSON.parse(process.argv[2]);
const { layers, hidden, heads, feedForward, vocab, batch, seq } = options;
const nodes = [];
const constants = [];
const externalData = [];

const op = (operator, inputs, attributes = {}, domain = "") => {
  const output = `v${nodes.length}`;
  nodes.push({ name: output, operator, domain, inputs, outputs: [output], attributes });
  return output;
};
const integers = (...values) => constant("int64", [values.length], BigInt64Array.from(values, BigInt));
const weight = (...shape) => {
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  for (let place = 0; place < values.length; place++) values[place] = ((place * 7919) % 1000) / 25000 - 0.02;
  return constant("float32", shape, values);
};
const linear = (x, inputs, outputs) =>
  op("Add", [op("MatMul", [x, weight(inputs, outputs)]), weight(outputs)]);
const norm = (x) =>
  op("LayerNormalization", [x, weight(hidden), weight(hidden)], { axis: -1, epsilon: { float: 1e-5 } });
const gelu = (x) => op("Gelu", [x], {}, "com.microsoft");

let x = norm(op("Add", [op("Gather", [weight(vocab, hidden), "ids"]), weight(seq, hidden)]));
for (let layer = 0; layer < layers; layer++) {
  const split = (perm) =>
    op("Transpose", [op("Reshape", [linear(x, hidden, hidden), integers(0, 0, heads, hidden / heads)])], {
      perm,
    });
  const [queries, keys, values] = [split([0, 2, 1, 3]), split([0, 2, 3, 1]), split([0, 2, 1, 3])];
  const scale = constant("float32", [1], Float32Array.of(1 / Math.sqrt(hidden / heads)));
  const scores = op("Softmax", [op("Mul", [op("MatMul", [queries, keys]), scale])], { axis: -1 });
  const mixed = op("Transpose", [op("MatMul", [scores, values])], { perm: [0, 2, 1, 3] });
  x = norm(op("Add", [x, linear(op("Reshape", [mixed, integers(0, 0, hidden)]), hidden, hidden)]));
  x = norm(op("Add", [x, linear(gelu(linear(x, hidden, feedForward)), feedForward, hidden)]));
}
const logits = linear(norm(gelu(linear(x, hidden, hidden))), hidden, vocab);

const model = encodeModel({
  name: "encoder",
  nodes,
  constants,
  inputs: [{ name: "ids", type: "int64", shape: ["batch", "seq"] }],
  outputs: [{ name: logits, type: "float32", shape: ["batch", "seq", vocab] }],
});
const session = await InferenceSession.create(model, { intraOpNumThreads: options.threads, externalData });
await answerInTurns(async (_, step) => {
  const ids = BigInt64Array.from({ length: batch * seq }, (_, place) => BigInt((place * 31 + step) % vocab));
  await session.run({ ids: new Tensor("int64", ids, [batch, seq]) });
});

function constant(type, shape, values) {
  const name = `c${constants.length}`;
  const bytes = new Uint8Array(values.buffer);
  const external = bytes.length > 4096 ? { location: name, offset: 0 } : undefined;
  if (external) externalData.push({ path: name, data: bytes });
  constants.push({ name, type, shape, bytes, external });
  return name;
}
