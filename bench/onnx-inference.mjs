// One denoising step, RoBERTa-base geometry with random weights, 1 x 256 tokens: the backend "onnx" with weights as inputs,
// frozen, and frozen as 8-bit integers, against the same network as a hand-written ONNX graph, PyTorch, and tfjs's wasm
// backend.
//
//   node bench/onnx-inference.mjs [--masked 256,120,24] [--rounds 9] [--threads 2] [--wasm] [--memory]
//
// Needs a build. Only the masked positions pass the language-model head, but for the hand-written graph, which has none.
// --memory tells what the process holds after one, two and three sizes of input instead.
import { askInTurns, startProgram } from "./in-turns.mjs";
import { askNode, nodeCommand, printTable, torchCommand } from "./measure.mjs";

const asked = process.argv.slice(2);
const option = (name, fallback) => (asked.includes(name) ? asked[asked.indexOf(name) + 1] : fallback);
const sizes = {
  ...{ layers: 12, hidden: 768, heads: 12, feedForward: 3072, vocab: 50265, batch: 1, seq: 256 },
  threads: Number(option("--threads", 2)),
};
const ways = [
  ["tfjs onnx", {}],
  ["tfjs onnx, frozen", { freeze: "fp32" }],
  ["tfjs onnx, frozen as q8", { freeze: "q8" }],
];

if (asked.includes("--memory")) tellMemory();
else await compareSpeed();

// --- internal ---

async function compareSpeed() {
  const onTfjs = (options) => nodeCommand("tfjs/inference.mjs", { ...sizes, ...options });
  const commands = [
    ["hand-written ONNX graph, all positions", nodeCommand("onnx/inference.mjs", sizes)],
    ...ways.map(([name, way]) => [name, onTfjs({ backend: "onnx", ...way })]),
    ["PyTorch", torchCommand("inference.py", sizes)],
    ...(asked.includes("--wasm")
      ? [
          ["wasm, our products", onTfjs({ backend: "wasm" })],
          ["wasm as tfjs ships it", onTfjs({ backend: "wasm", asShipped: true })],
        ]
      : []),
  ];
  const programs = new Map();
  for (const [name, command] of commands) programs.set(name, await startProgram(...command));
  for (const masked of option("--masked", "256,120,24").split(",").map(Number)) {
    await askInTurns(programs, { masked }, 3); // the first ones compile
    const samples = await askInTurns(programs, { masked }, Number(option("--rounds", 9)));
    printTable(
      `denoising step, RoBERTa-base, 1 x 256 tokens, ${masked} masked, ${sizes.threads} threads`,
      samples,
    );
  }
  for (const program of programs.values()) program?.stop();
}

function tellMemory() {
  const inputs = [
    [1, 256, 256],
    [1, 256, 120],
    [1, 128, 128],
  ];
  console.log("\nresident memory, MB: with the model, then after inputs of batch x tokens, masked");
  console.log(
    `| | the model | ${inputs.map(([b, s, m]) => `${b} x ${s}, ${m}`).join(" | ")} | disposed of | peak |`,
  );
  console.log(`| --- | --- |${" --- |".repeat(inputs.length)} --- | --- |`);
  for (const [name, way] of ways) {
    const options = { backend: "onnx", ...sizes, inputs, ...way };
    const { residentMb, peakMb } = askNode("tfjs/inference-memory.mjs", options);
    console.log(`| ${name} | ${[...residentMb, peakMb].map((size) => size.toFixed(0)).join(" | ")} |`);
  }
}
