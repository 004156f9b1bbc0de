import { DiffusionError, defineDenoiser } from "@textdiffusion/core";
import { paddedDenoiser } from "@textdiffusion/denoisers";
import { idsUnknownTo, loadModel, maskedLanguageModelDenoiser } from "@textdiffusion/models";
import { z } from "zod";

declare module "@textdiffusion/core" {
  interface KnownDenoisers {
    huggingface: HuggingfaceDenoiserOptions;
  }
}

const options = z.strictObject({ folder: z.string().min(1).describe("the model folder") });

/** Options of the denoiser `huggingface`. */
export type HuggingfaceDenoiserOptions = z.input<typeof options>;

/**
 * The model of a Hugging Face folder as a denoiser that a config can name.
 *
 * @throws DiffusionError what `loadModel` throws, and `MODEL_INVALID` for a tokenizer with more tokens than the model
 */
export const huggingfaceDenoiser = defineDenoiser({
  name: "huggingface",
  description: "the BERT or RoBERTa of a Hugging Face folder",
  options,
  // The backend is not used by name: looking at it is asking for one in the config. It has been started, and tfjs runs on
  // the one started last.
  create: async ({ folder }, { backend: _, tokenizer }) => {
    const model = await loadModel(folder);
    try {
      assertTokenizerFits(folder, tokenizer.vocabularySize, model.vocabularySize);
      return paddedDenoiser(
        maskedLanguageModelDenoiser(model, {
          maskTokenId: tokenizer.special.mask,
          forbidden: idsUnknownTo(tokenizer, model.vocabularySize),
        }),
      );
    } catch (error) {
      model.dispose();
      throw error;
    }
  },
});

/** @throws DiffusionError `MODEL_INVALID` */
export function assertTokenizerFits(folder: string, tokens: number, rows: number): void {
  if (tokens <= rows) return;
  throw new DiffusionError({
    code: "MODEL_INVALID",
    component: "textdiffusion/model",
    problem: `expected a tokenizer of at most ${rows} tokens, the rows of the embedding in ${folder}, got ${tokens}`,
    remedy: "Do tokenizer.json and model.safetensors belong together?",
    details: { tokens, rows },
  });
}
