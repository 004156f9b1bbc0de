import { z } from "zod";

/**
 * Longest row of a model by the text of its Hugging Face `config.json`, in tokens; undefined where it says none.
 *
 * RoBERTa and its kin count positions from after the pad id on: 514 positions are rows of 512 tokens.
 */
export function maxLengthOfConfig(text: string): number | undefined {
  const result = schema.safeParse(parsed(text));
  if (!result.success) return undefined;
  const { model_type = "", max_position_embeddings, pad_token_id } = result.data;
  const length = countsFromPad.includes(model_type)
    ? max_position_embeddings - (pad_token_id ?? 1) - 1
    : max_position_embeddings;
  return length > 0 ? length : undefined;
}

// --- internal ---

/** Models that count positions from after the pad id on, a habit of fairseq that RoBERTa brought along. */
const countsFromPad = [
  "roberta",
  "xlm-roberta",
  "xlm-roberta-xl",
  "camembert",
  "mpnet",
  "ibert",
  "longformer",
];

const schema = z.object({
  model_type: z.string().optional(),
  max_position_embeddings: z.int().positive(),
  pad_token_id: z.int().min(0).nullish(),
});

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
