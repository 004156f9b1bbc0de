import {
  type Callback,
  createPipeline,
  idsUnknownTo,
  type Pipeline,
  prepareComponent,
  Registry,
  type WatchedRun,
} from "@textdiffusion/core";
import { paddedDenoiser } from "@textdiffusion/denoisers";
import { type ModelRecord, maskedLanguageModelDenoiser } from "@textdiffusion/models";
import type { DecodedConfig } from "./config.js";
import { defaultPlugins } from "./default-plugins.js";

/**
 * The callbacks of a config, in their order.
 *
 * @throws DiffusionError `UNKNOWN_COMPONENT`, `UNKNOWN_OPTION`, `CONFIG_INVALID` that name the place in the config
 */
export async function openCallbacks({
  training,
  plugins,
}: Pick<DecodedConfig, "training" | "plugins">): Promise<Callback[]> {
  const registry = new Registry([...defaultPlugins, ...plugins]);
  const sources = { registry, dependenciesOf: async () => ({}), created: () => undefined };
  const makers = [];
  for (const [index, choice] of (training.callbacks ?? []).entries()) {
    makers.push(await prepareComponent("callback", choice, `training.callbacks.${index}`, sources));
  }
  const callbacks: Callback[] = [];
  for (const make of makers) callbacks.push(await make());
  return callbacks;
}

/**
 * How a model writes while it learns: with the sampler and the schedule that it will be saved with.
 *
 * @param model - stays with the caller, the pipeline too
 */
export function writerInTraining(
  model: Parameters<typeof maskedLanguageModelDenoiser>[0],
  pipeline: Pipeline,
  { rowLength, frame }: Pick<ModelRecord, "rowLength" | "frame">,
  signal: AbortSignal | undefined,
): NonNullable<WatchedRun["generate"]> {
  let writer: Promise<Pipeline> | undefined;
  return async ({ prompts, length = rowLength, seed }) => {
    writer ??= writerOf();
    const { texts } = await (await writer).generate({ prompts, length, frame, seed, signal });
    return texts;
  };

  async function writerOf(): Promise<Pipeline> {
    const tokenizer = await pipeline.get("tokenizer");
    const drawable = {
      maskTokenId: tokenizer.special.mask,
      forbidden: idsUnknownTo(tokenizer, model.vocabularySize),
    };
    return createPipeline({
      tokenizer,
      denoiser: paddedDenoiser(maskedLanguageModelDenoiser(model, drawable)),
      schedule: await pipeline.get("schedule"),
      sampler: await pipeline.get("sampler"),
    });
  }
}
