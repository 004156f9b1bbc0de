import {
  API_VERSION,
  type ComponentChoice,
  type Denoiser,
  DiffusionError,
  defineDenoiser,
  definePlugin,
} from "@textdiffusion/core";
import { z } from "zod";
import { guidedDenoiser } from "./guided-denoiser.js";
import { nextAlignedDenoiser } from "./next-aligned-denoiser.js";
import { reusingDenoiser } from "./reusing-denoiser.js";

declare module "@textdiffusion/core" {
  interface KnownDenoisers {
    guided: Wrapped<z.input<typeof guidedOptions>>;
    "next-aligned": Wrapped<z.input<typeof wrapOptions>>;
    reusing: Wrapped<z.input<typeof wrapOptions>>;
  }
}

/** What is wrapped may be left out where there is a model to begin with, as in `loadTextDiffusion`. */
type Wrapped<Options> = Omit<Options, "denoiser"> & { readonly denoiser?: ComponentChoice<"denoiser"> };

// In configs the choice of a denoiser, which is composed before it comes here.
const denoiser = (z.unknown() as z.ZodType<Denoiser>)
  .optional()
  .describe("what is wrapped; default the model of the folder, where there is one");

const wrapOptions = z.strictObject({ denoiser });

const guidedOptions = z.strictObject({
  scale: z.number().min(0).default(1).describe("how far towards the prompt; 0 is no guidance"),
  keepTokens: z
    .array(z.int().min(0))
    .default([])
    .describe("ids of a prompt that are not masked in its absence, besides special tokens"),
  denoiser,
});

/** Classifier-free guidance for configs. */
export const guided = defineDenoiser({
  name: "guided",
  description: "Closer to the prompt: classifier-free guidance against the same page with its prompt masked.",
  source: "LLaDA's sampling code, Nie et al. 2025, arXiv:2502.09992",
  exact: "Scale 0 is the denoiser itself; others are another distribution, exactly.",
  options: guidedOptions,
  choices: { denoiser: "denoiser" },
  create: ({ scale, keepTokens, denoiser }, { tokenizer }) =>
    guidedDenoiser(lent(denoiser, "guided"), {
      scale,
      maskTokenId: tokenizer.special.mask,
      keep: [...tokenizer.specialIds, ...keepTokens],
    }),
});

/** Exact reuse for configs. */
export const reusing = defineDenoiser({
  name: "reusing",
  description: "Computes once what is alike: rows of a batch, and a page that no step has changed.",
  source: "The cache of MDLM's sampler, Sahoo et al. 2024, arXiv:2406.07524, for every sampler",
  exact: "Yes.",
  options: wrapOptions,
  choices: { denoiser: "denoiser" },
  create: ({ denoiser }) => reusingDenoiser(lent(denoiser, "reusing")),
});

/** Alignment for configs. */
export const nextAligned = defineDenoiser({
  name: "next-aligned",
  description: "Reads a model that predicts the token after each position, as autoregressive ones do.",
  source: "Dream, Ye et al. 2025, arXiv:2508.15487, its code",
  exact: "Yes; the first position of a row has no predictor and gets its own answer.",
  options: wrapOptions,
  choices: { denoiser: "denoiser" },
  create: ({ denoiser }) => nextAlignedDenoiser(lent(denoiser, "next-aligned")),
});

/** Every wrapper of this package that a config can name, for `plugins`. */
export const denoisersPlugin = definePlugin({
  name: "@textdiffusion/denoisers",
  apiVersion: API_VERSION,
  denoisers: [guided, nextAligned, reusing],
});

// --- internal ---

/** What is nested in a config belongs to the pipeline or to the caller, who dispose of it. */
function lent(denoiser: Denoiser | undefined, wrapper: string): Denoiser {
  if (denoiser === undefined) {
    throw new DiffusionError({
      code: "CONFIG_INVALID",
      component: `denoisers/${wrapper}`,
      problem: `expected a denoiser to wrap in "${wrapper}", got none`,
      remedy: `Write { "name": "${wrapper}", "denoiser": { "name": ... } }`,
    });
  }
  const { name, vocabularySize, maxLength, timeConditioned } = denoiser;
  return {
    name,
    vocabularySize,
    maxLength,
    timeConditioned,
    denoise: (input) => denoiser.denoise(input),
    dispose: () => undefined,
  };
}
