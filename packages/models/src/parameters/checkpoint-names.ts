import { DiffusionError, listNames } from "@textdiffusion/core";
import type { EncoderConfig } from "../config/encoder-config.js";
import { architectures } from "../encoder/architectures.js";
import { parameterLayout } from "./parameter-layout.js";

/** What is in a checkpoint, before any number is read. */
export interface CheckpointTensor {
  readonly shape: readonly number[];
}

/** Which tensor of a checkpoint is which weight. */
export interface CheckpointPlan {
  /** Weight to the name in the checkpoint. */
  readonly sources: ReadonlyMap<string, string>;
  /** Tensors that repeat a weight, as tied models are sometimes saved: name in the checkpoint to weight. */
  readonly copies: ReadonlyMap<string, string>;
}

/**
 * Finds every weight of a model among the names of a checkpoint. Understands what transformers does: base-model names
 * without the prefix, `gamma` and `beta` of layer norms converted from TensorFlow, and the buffers and heads that a
 * masked language model has no use for.
 *
 * @param source - the folder, for messages
 * @throws DiffusionError `MODEL_INVALID` listing what is missing, unknown or of another shape
 */
export function planCheckpoint(
  config: EncoderConfig,
  tensors: ReadonlyMap<string, CheckpointTensor>,
  source: string,
): CheckpointPlan {
  const { prefix, head } = architectures[config.architecture];
  const layout = parameterLayout(config);
  const copyOf = config.tiedEmbeddings
    ? new Map([
        [`${head.decoder}.weight`, `${prefix}embeddings.word_embeddings.weight`],
        [`${head.decoder}.bias`, head.bias],
      ])
    : new Map([[head.bias, `${head.decoder}.bias`]]);
  const sources = new Map<string, string>();
  const copies = new Map<string, string>();
  const problems: string[] = [];
  for (const name of tensors.keys()) {
    const weight = canonicalName(name, prefix);
    if (layout.has(weight)) {
      const other = sources.get(weight);
      if (other) problems.push(`"${weight}" is there twice, as "${other}" and "${name}"`);
      else sources.set(weight, name);
    } else if (copyOf.has(weight)) {
      copies.set(name, copyOf.get(weight) as string);
    } else if (!isUnused(weight, prefix)) {
      problems.push(`"${name}" is unknown`);
    }
  }
  for (const [copy, weight] of copies) {
    if (sources.has(weight)) continue;
    sources.set(weight, copy);
    copies.delete(copy);
  }
  // Without ties, transformers 5 saves both biases and reads only the decoder's; before, they were one and the same.
  if (!config.tiedEmbeddings) copies.clear();
  const missing = [...layout.keys()].filter((name) => !sources.has(name));
  if (missing.length > 0) problems.push(`missing: ${listNames(missing)}`);
  for (const [weight, name] of [
    ...sources,
    ...[...copies].map(([copy, weight]) => [weight, copy] as const),
  ]) {
    const expected = layout.get(weight)?.shape.join(", ");
    const found = tensors.get(name)?.shape.join(", ");
    if (expected !== found) problems.push(`"${name}" has shape [${found}], not [${expected}]`);
  }
  if (problems.length > 0) throw mismatch(config, problems, missing, head.dense, source);
  return { sources, copies };
}

// --- internal ---

function canonicalName(name: string, prefix: string): string {
  const modern = name.replace(/\.gamma$/, ".weight").replace(/\.beta$/, ".bias");
  return /^(embeddings|encoder|pooler)\./.test(modern) ? prefix + modern : modern;
}

/** Buffers that are computed here, and parts that serve other tasks than predicting masked tokens. */
function isUnused(weight: string, prefix: string): boolean {
  return (
    weight === `${prefix}embeddings.position_ids` ||
    weight === `${prefix}embeddings.token_type_ids` ||
    weight.startsWith(`${prefix}pooler.`) ||
    weight.startsWith("cls.seq_relationship.")
  );
}

function mismatch(
  config: EncoderConfig,
  problems: readonly string[],
  missing: readonly string[],
  headDense: string,
  source: string,
): DiffusionError {
  const shown = problems.slice(0, 8).join("; ");
  const more = problems.length > 8 ? `; and ${problems.length - 8} more` : "";
  return new DiffusionError({
    code: "MODEL_INVALID",
    component: "models/checkpoint",
    problem: `${source}: expected the weights of a ${config.architecture} masked language model, got: ${shown}${more}`,
    remedy: missing.includes(`${headDense}.weight`)
      ? "The language-model head is missing: use a checkpoint saved for masked language modelling"
      : "Do weights and config.json belong together?",
    details: { problems, missing },
  });
}
