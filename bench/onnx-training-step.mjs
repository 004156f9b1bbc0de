// One training step (forward, backward, AdamW) on the backend "onnx" against PyTorch and against tfjs's wasm backend.
//
//   node bench/onnx-training-step.mjs [small] [vocabulary] [base] [--wasm] [--rounds 7]
//
// Prints as well what a step on "onnx" spends outside the runtime. Needs a build. PyTorch is Debian's python3-torch with OpenBLAS; PYTHON names another interpreter. wasm takes minutes, twice: with
// backend-node's matrix products, and with those that tfjs ships.
import { askNode, askTorch, compare, median } from "./measure.mjs";
import { trainingCases } from "./training-cases.mjs";

const asked = process.argv.slice(2);
const rounds = asked.includes("--rounds") ? Number(asked[asked.indexOf("--rounds") + 1]) : 7;
const names = Object.keys(trainingCases).filter((name) => asked.includes(name));

for (const name of names.length > 0 ? names : ["small", "vocabulary"]) {
  const sizes = { ...trainingCases[name], threads: 2, warmUp: 3, samples: 2 };
  const { layers, hidden, vocab, batch, seq } = sizes;
  const peers = [
    ["PyTorch", () => askTorch("training_step.py", sizes)],
    ["tfjs onnx", () => askNode("tfjs/training-step.mjs", { backend: "onnx", ...sizes })],
  ];
  if (asked.includes("--wasm")) {
    const few = { backend: "wasm", ...sizes, warmUp: 1, samples: 1 };
    const shipped = { ...few, warmUp: 0, asShipped: true };
    peers.push(
      ["wasm, our products", () => askNode("tfjs/training-step.mjs", few)],
      ["wasm as tfjs ships it", () => askNode("tfjs/training-step.mjs", shipped)],
    );
  }
  const samples = compare(
    `training step, ${layers} x ${hidden}, vocabulary ${vocab}, ${batch} x ${seq} tokens`,
    peers,
    rounds,
  );
  const { ms, outsideMs } = samples.get("tfjs onnx");
  if (ms.length === 0) continue;
  const share = (100 * median(outsideMs)) / median(ms);
  console.log(
    `outside the runtime (recording, feeding, reading): ${median(outsideMs).toFixed(1)} ms of a step, ${share.toFixed(1)} %`,
  );
}
