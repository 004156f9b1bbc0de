// Writing 256 tokens in blocks with RoBERTa-base's geometry and random weights, on the backend "onnx" with frozen weights:
// exact, with the approximate prefix cache and with the dual one.
//
//   node bench/approximate-cache.mjs [--block 32] [--steps 8] [--rounds 3] [--small]
//
// Needs a build. Steps are those of each block. --small measures 6 layers of width 384 with a vocabulary of 8192.
import { askNode, compare } from "./measure.mjs";

const asked = process.argv.slice(2);
const option = (name, fallback) => (asked.includes(name) ? Number(asked[asked.indexOf(name) + 1]) : fallback);
const small = asked.includes("--small");
const [block, steps] = [option("--block", 32), option("--steps", 8)];
const sizes = {
  ...(small
    ? { layers: 6, hidden: 384, heads: 6, feedForward: 1536, vocab: 8192 }
    : { layers: 12, hidden: 768, heads: 12, feedForward: 3072, vocab: 50265 }),
  ...{ backend: "onnx", freeze: true, threads: 2, seq: 256, samples: 1, block, steps },
};
const peers = [
  ["exact", "none"],
  ["prefix cache", "prefix"],
  ["dual cache", "dual"],
].map(([name, cache]) => [name, () => askNode("tfjs/block-generation.mjs", { ...sizes, cache })]);
const model = small ? "6 x 384" : "RoBERTa-base";
compare(`256 tokens in blocks of ${block}, ${steps} steps each, ${model}`, peers, option("--rounds", 3));
