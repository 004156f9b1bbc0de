import type { EncoderConfig } from "../config/encoder-config.js";
import { architectures } from "../encoder/architectures.js";

/** One weight of a model. */
export interface ParameterSpec {
  readonly shape: readonly number[];
  /** How a fresh model fills it: normal with the config's `initializerRange`, as transformers does. */
  readonly initial: "normal" | "ones" | "zeros";
}

/**
 * Every weight of a masked language model under its Hugging Face name. Linear weights are [out, in], as PyTorch keeps
 * them.
 */
export function parameterLayout(config: EncoderConfig): ReadonlyMap<string, ParameterSpec> {
  const { hidden, feedForward, vocabularySize } = config;
  const { prefix, head } = architectures[config.architecture];
  const layout = new Map<string, ParameterSpec>();
  const table = (name: string, rows: number) =>
    layout.set(`${name}.weight`, { shape: [rows, hidden], initial: "normal" });
  const linear = (name: string, inputs: number, outputs: number) => {
    layout.set(`${name}.weight`, { shape: [outputs, inputs], initial: "normal" });
    layout.set(`${name}.bias`, { shape: [outputs], initial: "zeros" });
  };
  const norm = (name: string) => {
    layout.set(`${name}.weight`, { shape: [hidden], initial: "ones" });
    layout.set(`${name}.bias`, { shape: [hidden], initial: "zeros" });
  };

  table(`${prefix}embeddings.word_embeddings`, vocabularySize);
  table(`${prefix}embeddings.position_embeddings`, config.positions);
  table(`${prefix}embeddings.token_type_embeddings`, config.tokenTypes);
  norm(`${prefix}embeddings.LayerNorm`);
  for (let index = 0; index < config.layers; index++) {
    const layer = `${prefix}encoder.layer.${index}`;
    linear(`${layer}.attention.self.query`, hidden, hidden);
    linear(`${layer}.attention.self.key`, hidden, hidden);
    linear(`${layer}.attention.self.value`, hidden, hidden);
    linear(`${layer}.attention.output.dense`, hidden, hidden);
    norm(`${layer}.attention.output.LayerNorm`);
    linear(`${layer}.intermediate.dense`, hidden, feedForward);
    linear(`${layer}.output.dense`, feedForward, hidden);
    norm(`${layer}.output.LayerNorm`);
  }
  linear(head.dense, hidden, hidden);
  norm(head.norm);
  if (config.tiedEmbeddings) layout.set(head.bias, { shape: [vocabularySize], initial: "zeros" });
  else {
    table(head.decoder, vocabularySize);
    layout.set(`${head.decoder}.bias`, { shape: [vocabularySize], initial: "zeros" });
  }
  return layout;
}
