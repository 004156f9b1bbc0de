// One denoising step, RoBERTa-base geometry with random weights, 1 x 256 tokens: the backend "onnx" with weights as inputs
// and frozen, against the same network as a hand-written ONNX graph, PyTorch, and tfjs's wasm backend.
//
//   node bench/onnx-inference.mjs [--masked 256] [--wasm] [--rounds 2]
//
// Needs a build. Only the masked positions pass the language-model head, but for the hand-written graph, which has none.
import { askNode, askTorch, compare } from "./measure.mjs";

const asked = process.argv.slice(2);
const option = (name, fallback) => (asked.includes(name) ? Number(asked[asked.indexOf(name) + 1]) : fallback);
const masked = option("--masked", 256);
const sizes = {
  ...{ layers: 12, hidden: 768, heads: 12, feedForward: 3072, vocab: 50265, batch: 1, seq: 256 },
  ...{ masked, threads: 2, warmUp: 3, samples: 7 },
};
const onnx = (options) => () => askNode("tfjs/inference.mjs", { backend: "onnx", ...sizes, ...options });
const peers = [
  ["hand-written ONNX graph, all positions", () => askNode("onnx/inference.mjs", sizes)],
  ["tfjs onnx", onnx({})],
  ["tfjs onnx, frozen", onnx({ freeze: true })],
  ["PyTorch", () => askTorch("inference.py", sizes)],
];
if (asked.includes("--wasm")) {
  const few = { ...sizes, warmUp: 1, samples: 3 };
  peers.push(["tfjs wasm", () => askNode("tfjs/inference.mjs", { backend: "wasm", ...few })]);
}
compare(`denoising step, RoBERTa-base, 1 x 256 tokens, ${masked} masked`, peers, option("--rounds", 2));
