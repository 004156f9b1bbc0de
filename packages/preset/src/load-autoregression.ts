import { startBackend, type WeightType } from "@textdiffusion/backend-node";
import { freezeWeights } from "@textdiffusion/backend-node/freeze-weights";
import { createPipeline, idsUnknownTo, type Pipeline } from "@textdiffusion/core";
import { readTokenizerFiles, tokenizerFromFiles, withMaskToken } from "@textdiffusion/data";
import { causalDenoiser, loadGpt2 } from "@textdiffusion/models";
import { type LeftToRightOrderOptions, leftToRightSampler } from "@textdiffusion/samplers";
import { linearSchedule } from "@textdiffusion/schedules";
import { assertTokenizerFits } from "./huggingface-denoiser.js";

export interface AutoregressionOptions extends Omit<LeftToRightOrderOptions, "tokensPerStep"> {
  /** A Hugging Face folder of a GPT-2, with its tokenizer. */
  readonly folder: string;
  /** Default `auto`. */
  readonly backend?: string;
  /** How the weights are held. Default `fp32`. */
  readonly dtype?: WeightType;
}

/** A pipeline that writes one token after the other. */
export interface Autoregression extends Pipeline {
  /** What it is made of, for records. */
  readonly settings: {
    readonly folder: string;
    readonly backend: string;
    readonly dtype: WeightType;
    /** Longest text, in tokens. */
    readonly length: number;
  };
}

/**
 * An autoregressive model, to compare with: a GPT-2 in the reverse loop from left to right, one forward a token, the
 * keys and values of earlier tokens kept. It writes as a diffusion model does: the same requests, events, recordings.
 *
 * ```ts
 * const gpt2 = await loadAutoregression({ folder: "gpt2", temperature: 0.7 });
 * const { texts } = await gpt2.generate({ prompts: ["Once"], length: 64, seed: 7 });
 * await gpt2.dispose();
 * ```
 *
 * Its tokenizer gets a mask token, which is never written (`withMaskToken`).
 *
 * @returns the caller disposes of it
 * @throws DiffusionError what `loadGpt2` and `readTokenizerFiles` throw; `MODEL_INVALID` for a tokenizer with more tokens
 *   than the model; `BACKEND_UNAVAILABLE`, `UNKNOWN_COMPONENT` for the backend; `CONFIG_INVALID` for the options
 */
export async function loadAutoregression(source: string | AutoregressionOptions): Promise<Autoregression> {
  const {
    folder,
    backend: name,
    dtype = "fp32",
    ...rule
  } = typeof source === "string" ? { folder: source } : source;
  const sampler = leftToRightSampler(rule);
  const tokenizer = tokenizerFromFiles(withMaskToken(await readTokenizerFiles(folder), folder), folder);
  const { mask } = tokenizer.special;
  const backend = await startBackend(name);
  const disposals: (() => void | Promise<void>)[] = [() => backend.dispose()];
  const disposeAll = async () => {
    for (const dispose of disposals.splice(0).reverse()) await dispose();
  };
  try {
    const model = await loadGpt2(folder);
    disposals.push(() => model.dispose());
    const rows = model.vocabularySize + (mask === model.vocabularySize ? 1 : 0); // the model needs none for the mask
    assertTokenizerFits(folder, tokenizer.vocabularySize, rows);
    await freezeWeights(model.parameters.values(), dtype);
    const forbidden = idsUnknownTo(tokenizer, rows);
    const denoiser = causalDenoiser(model, { maskTokenId: mask, forbidden });
    disposals[1] = () => denoiser.dispose();
    const pipeline = await createPipeline({
      tokenizer,
      denoiser,
      sampler,
      schedule: linearSchedule(),
      backend,
    });
    disposals.push(() => pipeline.dispose());
    return {
      ...pipeline,
      settings: { folder, backend: backend.name, dtype, length: model.maxLength },
      dispose: disposeAll,
    };
  } catch (error) {
    await disposeAll();
    throw error;
  }
}
