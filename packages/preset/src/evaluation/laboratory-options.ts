import { guidedDenoiser } from "@textdiffusion/denoisers";
import {
  byteNGramScorer,
  type LaboratoryEntry,
  type LaboratoryOptions,
  likelihoodScorer,
  rowsOfText,
  type Sample,
  spreadRows,
} from "@textdiffusion/evaluation";
import type { TextDiffusion } from "../load-text-diffusion.js";
import { evaluationProvenance } from "./evaluation-provenance.js";
import { laboratoryEntries, type NamedSampler } from "./laboratory-entries.js";

export interface LaboratoryRequest {
  /** Default every known sampler with its defaults. */
  readonly samplers?: readonly NamedSampler[];
  /** Default 8, 16, 32, 64. */
  readonly steps?: readonly number[];
  /** Scales of guidance towards the prompt that each sampler is tried with. Default none but the model's own. */
  readonly guidance?: readonly number[];
  /** How every sample begins. Default nothing. */
  readonly prompt?: string;
  readonly samples?: number;
  /** Tokens of a sample. Default as the model was trained. */
  readonly length?: number;
  readonly seed?: number;
  readonly batchSize?: number;
  /** Text that the judge, a byte n-gram model, learns from. Without it the model judges itself, which flatters it. */
  readonly trainingText?: string;
  /** Natural text that the judge does not know: the mark. */
  readonly heldOutText?: string;
  readonly signal?: AbortSignal;
}

/**
 * What `laboratory` wants, for a model of a folder.
 *
 * ```ts
 * const options = await laboratoryOptions(model, { samplers: ["random", "confidence"], trainingText });
 * for await (const event of laboratory(options)) if (event.kind === "finished") console.log(laboratoryTable(event.report));
 * ```
 *
 * @throws DiffusionError `UNKNOWN_COMPONENT`, `UNKNOWN_OPTION`, `CONFIG_INVALID`; `DATA_INVALID` for an empty text
 */
export async function laboratoryOptions(
  model: TextDiffusion,
  request: LaboratoryRequest = {},
): Promise<LaboratoryOptions> {
  const {
    samplers = model.registry.names("sampler"),
    steps = [8, 16, 32, 64],
    samples = 32,
    seed = 0,
  } = request;
  const { guidance = [], prompt, trainingText, heldOutText, batchSize, signal } = request;
  const { frame, folder } = model.settings;
  const length = request.length ?? model.settings.length;
  const [denoiser, tokenizer, schedule] = [
    await model.get("denoiser"),
    await model.get("tokenizer"),
    await model.get("schedule"),
  ];
  const shape = { rowLength: length, frame };
  return {
    denoiser,
    tokenizer,
    schedule,
    entries: withGuidance(await laboratoryEntries(model.registry, samplers, steps)),
    prompt,
    model: folder,
    scorer:
      trainingText === undefined
        ? likelihoodScorer({ denoiser, tokenizer, schedule, ...shape, signal })
        : byteNGramScorer(trainingText),
    reference: heldOutText === undefined ? undefined : naturalSamples(heldOutText),
    samples,
    length,
    frame,
    seed,
    batchSize,
    provenance: await evaluationProvenance(model, {
      seed,
      request: { samplers, steps, guidance, samples, length, prompt },
      texts: { heldOut: heldOutText, training: trainingText },
    }),
    signal,
  };

  /** Each sampler with each scale; in the plot a line for each scale. */
  function withGuidance(entries: readonly LaboratoryEntry[]): readonly LaboratoryEntry[] {
    if (guidance.length === 0) return entries;
    const { special, specialIds } = tokenizer;
    return guidance.flatMap((scale) => {
      const guided = guidedDenoiser(denoiser, { scale, maskTokenId: special.mask, keep: specialIds });
      return entries.map((entry) => ({
        ...entry,
        label: `${entry.label} guidance=${scale}`,
        denoiser: guided,
      }));
    });
  }

  /** As many pieces as samples, where there are as many, each as long as a sample. */
  function naturalSamples(text: string): Sample[] {
    const special = new Set(tokenizer.specialIds);
    const { rows } = rowsOfText(tokenizer, text, shape);
    const whole = rows.filter(({ ids }) => ids.length === rows[0].ids.length);
    return spreadRows(whole, samples).map(({ ids }) => {
      const own = ids.filter((id) => !special.has(id));
      return { ids: own, text: tokenizer.decode(own) };
    });
  }
}
