import { freezeWeights } from "@textdiffusion/backend-node/freeze-weights";
import { DiffusionError, defineDenoiser, idsUnknownTo } from "@textdiffusion/core";
import { nextAlignedDenoiser, paddedDenoiser } from "@textdiffusion/denoisers";
import { cacheKinds, cachingDenoiser, loadModel, maskedLanguageModelDenoiser } from "@textdiffusion/models";
import { z } from "zod";
import { weightTypeSchema } from "./weight-type.js";

declare module "@textdiffusion/core" {
  interface KnownDenoisers {
    /** The folder may be left out where there is one already, as in `loadTextDiffusion`. */
    huggingface: Omit<HuggingfaceDenoiserOptions, "folder"> & { readonly folder?: string };
  }
}

const options = z.strictObject({
  folder: z.string().min(1).describe("the model folder"),
  logitAlignment: z
    .enum(["same", "next"])
    .default("same")
    .describe("which token the logits of a position predict: its own, or the one after it"),
  cache: z
    .enum(["none", ...cacheKinds])
    .default("none")
    .describe("approximate: compute the block alone (dual), or it and what follows (prefix)"),
  refreshEvery: z.int().min(1).optional().describe("of a cache: a whole pass every so many calls"),
  blockLength: z
    .int()
    .min(1)
    .optional()
    .describe("of a cache: tokens of a block; default what a step asks for"),
  dtype: weightTypeSchema.default("fp32"),
});

/** Options of the denoiser `huggingface`. */
export type HuggingfaceDenoiserOptions = z.input<typeof options>;

/**
 * The model of a Hugging Face folder as a denoiser that a config can name.
 *
 * @throws DiffusionError what `loadModel` throws, `MODEL_INVALID` for a tokenizer with more tokens than the model, and
 *   `BACKEND_UNAVAILABLE` for a dtype that the backend cannot hold
 */
export const huggingfaceDenoiser = defineDenoiser({
  name: "huggingface",
  description: "the BERT or RoBERTa of a Hugging Face folder",
  exact: "Yes, without a cache.",
  exceptions: [
    { law: "options-decode-from-nothing", reason: "there is no folder but the one that is named" },
  ],
  options,
  // The backend is not used by name: looking at it is asking for one in the config. It has been started, and tfjs runs on
  // the one started last.
  create: async (
    { folder, dtype, logitAlignment, cache, refreshEvery, blockLength },
    { backend: _, tokenizer },
  ) => {
    const model = await loadModel(folder);
    try {
      assertTokenizerFits(folder, tokenizer.vocabularySize, model.vocabularySize);
      await freezeWeights(model.parameters.values(), dtype);
      const drawable = {
        maskTokenId: tokenizer.special.mask,
        forbidden: idsUnknownTo(tokenizer, model.vocabularySize),
      };
      const denoiser =
        cache === "none"
          ? maskedLanguageModelDenoiser(model, drawable)
          : cachingDenoiser(model, { ...drawable, cache, refreshEvery, blockLength });
      return paddedDenoiser(logitAlignment === "next" ? nextAlignedDenoiser(denoiser) : denoiser);
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
