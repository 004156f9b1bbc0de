// Writes the folder of a GPT-2 with random weights, for tests and benchmarks: config.json and model.safetensors as
// transformers names them, normal with a standard deviation of 0.02, as GPT-2 begins.
//
//   node scripts/random-gpt2.mjs FOLDER '{"vocab_size":300,"n_embd":16,"n_layer":2,"n_head":2,"n_positions":64}'
//
// Needs a build. Further keys go into config.json as they are.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeSafetensors, Random } from "@textdiffusion/core";

const [folder, sizes] = process.argv.slice(2);
const config = { model_type: "gpt2", architectures: ["GPT2LMHeadModel"], ...JSON.parse(sizes) };
const { vocab_size: vocabulary, n_embd: hidden, n_layer: layers, n_positions: positions } = config;
const random = Random.fromSeed(1);
const tensors = new Map();

const normal = (name, shape) => {
  const data = new Float32Array(shape.reduce((a, b) => a * b));
  tensors.set(name, { shape, data: random.split(name).fillNormal(data, 0.02) });
};
const constant = (name, length, value) =>
  tensors.set(name, { shape: [length], data: new Float32Array(length).fill(value) });
const linear = (name, inputs, outputs) => {
  normal(`${name}.weight`, [inputs, outputs]);
  constant(`${name}.bias`, outputs, 0);
};
const norm = (name) => {
  constant(`${name}.weight`, hidden, 1);
  constant(`${name}.bias`, hidden, 0);
};

normal("transformer.wte.weight", [vocabulary, hidden]);
normal("transformer.wpe.weight", [positions, hidden]);
for (let index = 0; index < layers; index++) {
  const layer = `transformer.h.${index}`;
  norm(`${layer}.ln_1`);
  linear(`${layer}.attn.c_attn`, hidden, 3 * hidden);
  linear(`${layer}.attn.c_proj`, hidden, hidden);
  norm(`${layer}.ln_2`);
  linear(`${layer}.mlp.c_fc`, hidden, 4 * hidden);
  linear(`${layer}.mlp.c_proj`, 4 * hidden, hidden);
}
norm("transformer.ln_f");

mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
writeFileSync(join(folder, "model.safetensors"), encodeSafetensors(tensors));
