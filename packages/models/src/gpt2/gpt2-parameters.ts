import { DiffusionError, listNames } from "@textdiffusion/core";
import type { CheckpointPlan, CheckpointTensor } from "../parameters/checkpoint-names.js";
import type { Gpt2Config } from "./gpt2-config.js";

/** The tied head under its own name, as some files repeat it. */
const headName = "lm_head.weight";
export const tokenTable = "transformer.wte.weight";

/**
 * Every weight of a GPT-2 under its Hugging Face name. Linear weights are [in, out]: transformers' `Conv1D`, from the
 * TensorFlow original.
 */
export function gpt2Layout(config: Gpt2Config): ReadonlyMap<string, { readonly shape: readonly number[] }> {
  const { hidden, feedForward } = config;
  const layout = new Map<string, { readonly shape: readonly number[] }>();
  const linear = (name: string, inputs: number, outputs: number) => {
    layout.set(`${name}.weight`, { shape: [inputs, outputs] });
    layout.set(`${name}.bias`, { shape: [outputs] });
  };
  const norm = (name: string) => {
    layout.set(`${name}.weight`, { shape: [hidden] });
    layout.set(`${name}.bias`, { shape: [hidden] });
  };
  layout.set(tokenTable, { shape: [config.vocabularySize, hidden] });
  layout.set("transformer.wpe.weight", { shape: [config.positions, hidden] });
  for (let index = 0; index < config.layers; index++) {
    const layer = `transformer.h.${index}`;
    norm(`${layer}.ln_1`);
    linear(`${layer}.attn.c_attn`, hidden, 3 * hidden);
    linear(`${layer}.attn.c_proj`, hidden, hidden);
    norm(`${layer}.ln_2`);
    linear(`${layer}.mlp.c_fc`, hidden, feedForward);
    linear(`${layer}.mlp.c_proj`, feedForward, hidden);
  }
  norm("transformer.ln_f");
  return layout;
}

/**
 * Finds every weight of a GPT-2 among the names of a checkpoint: those of `GPT2LMHeadModel`, or of the base model, which
 * lack `transformer.`. Causal masks that old files hold are not read.
 *
 * @param source - the folder, for messages
 * @throws DiffusionError `MODEL_INVALID` listing what is missing, unknown or of another shape
 */
export function planGpt2(
  config: Gpt2Config,
  tensors: ReadonlyMap<string, CheckpointTensor>,
  source: string,
): CheckpointPlan {
  const layout = gpt2Layout(config);
  const sources = new Map<string, string>();
  const copies = new Map<string, string>();
  const problems: string[] = [];
  for (const name of tensors.keys()) {
    const weight = /^(wte|wpe|h|ln_f)\./.test(name) ? `transformer.${name}` : name;
    if (layout.has(weight)) {
      const other = sources.get(weight);
      if (other) problems.push(`"${weight}" is there twice, as "${other}" and "${name}"`);
      else sources.set(weight, name);
    } else if (weight === headName) copies.set(name, tokenTable);
    else if (!/^transformer\.h\.\d+\.attn\.(bias|masked_bias)$/.test(weight))
      problems.push(`"${name}" is unknown`);
  }
  const missing = [...layout.keys()].filter((name) => !sources.has(name));
  if (missing.length > 0) problems.push(`missing: ${listNames(missing)}`);
  for (const [name, weight] of [
    ...[...sources].map(([weight, name]) => [name, weight] as const),
    ...copies,
  ]) {
    const expected = layout.get(weight)?.shape.join(", ");
    const found = tensors.get(name)?.shape.join(", ");
    if (expected !== found) problems.push(`"${name}" has shape [${found}], not [${expected}]`);
  }
  if (problems.length === 0) return { sources, copies };
  throw new DiffusionError({
    code: "MODEL_INVALID",
    component: "models/gpt2-checkpoint",
    problem: `${source}: expected the weights of a GPT-2, got: ${problems.slice(0, 8).join("; ")}${problems.length > 8 ? `; and ${problems.length - 8} more` : ""}`,
    remedy: "Do weights and config.json belong together?",
    details: { problems, missing },
  });
}
