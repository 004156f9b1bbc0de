// One denoising step, RoBERTa-base geometry with random weights, 1 x 256 tokens: the backend "onnx" with weights as inputs,
// frozen, and frozen as 8-bit integers, against the same network as a hand-written ONNX graph, PyTorch, and tfjs's wasm
// backend.
//
//   node bench/onnx-inference.mjs [--masked 256,120,24] [--rounds 7] [--threads 2] [--wasm] [--memory]
//
// Needs a build. Only the masked positions pass the language-model head, but for the hand-written graph, which has none.
// --memory tells what the process holds after one, two and three sizes of input instead.
import { askNode, askTorch, compare } from "./measure.mjs";

const asked = process.argv.slice(2);
const option = (name, fallback) => (asked.includes(name) ? asked[asked.indexOf(name) + 1] : fallback);
const sizes = {
  ...{ layers: 12, hidden: 768, heads: 12, feedForward: 3072, vocab: 50265, batch: 1, seq: 256 },
  ...{ threads: Number(option("--threads", 2)), warmUp: 3, samples: 2 },
};
const ways = [
  ["tfjs onnx", {}],
  ["tfjs onnx, frozen", { freeze: "fp32" }],
  ["tfjs onnx, frozen as q8", { freeze: "q8" }],
];

if (asked.includes("--memory")) await tellMemory();
else for (const masked of option("--masked", "256,120,24").split(",")) compareSpeed(Number(masked));

// --- internal ---

function compareSpeed(masked) {
  const peers = [
    ["hand-written ONNX graph, all positions", () => askNode("onnx/inference.mjs", sizes)],
    ...ways.map(([name, way]) => [
      name,
      () => askNode("tfjs/inference.mjs", { backend: "onnx", ...sizes, masked, ...way }),
    ]),
    ["PyTorch", () => askTorch("inference.py", { ...sizes, masked })],
  ];
  if (asked.includes("--wasm")) {
    const few = { ...sizes, masked, warmUp: 1, samples: 1 };
    peers.push(["tfjs wasm", () => askNode("tfjs/inference.mjs", { backend: "wasm", ...few })]);
  }
  const title = `denoising step, RoBERTa-base, 1 x 256 tokens, ${masked} masked`;
  compare(title, peers, Number(option("--rounds", 7)));
}

async function tellMemory() {
  const inputs = [
    [1, 256, 256],
    [1, 256, 120],
    [1, 128, 128],
  ];
  console.log("\nresident memory, MB: with the model, then after inputs of batch x tokens, masked");
  console.log(`| | the model | ${inputs.map(([b, s, m]) => `${b} x ${s}, ${m}`).join(" | ")} | peak |`);
  console.log(`| --- | --- |${" --- |".repeat(inputs.length)} --- |`);
  for (const [name, way] of ways) {
    const { residentMb, peakMb } = askNode("tfjs/inference-memory.mjs", {
      backend: "onnx",
      ...sizes,
      inputs,
      ...way,
    });
    console.log(`| ${name} | ${[...residentMb, peakMb].map((size) => size.toFixed(0)).join(" | ")} |`);
  }
}
