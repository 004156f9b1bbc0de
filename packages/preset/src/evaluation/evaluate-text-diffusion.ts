import { validationBatches } from "@textdiffusion/data";
import {
  type Baseline,
  byteBaselines,
  byteNGramScorer,
  defaultBatchSize,
  type LaboratoryRecord,
  laboratory,
  rowsOfText,
  type SampleMetrics,
  scoreBatches,
  spreadRows,
  summarizeScores,
  type TextLikelihood,
  textLikelihood,
  type ValidationScores,
} from "@textdiffusion/evaluation";
import type { TextDiffusion } from "../load-text-diffusion.js";
import { type EvaluationProvenance, evaluationProvenance } from "./evaluation-provenance.js";
import { laboratoryOptions } from "./laboratory-options.js";

export interface EvaluateRequest {
  /** Text that the model has not learnt from. */
  readonly heldOutText: string;
  /** What baselines and judge learn from. Without it there are no baselines, and the model judges its own samples. */
  readonly trainingText?: string;
  /** Rows scored for the likelihood, spread over the text. Default 128. */
  readonly rows?: number;
  /** Samples written with the model's own sampler. Default 16; 0 writes none. */
  readonly samples?: number;
  /** Default 0. */
  readonly seed?: number;
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
  /** Called and awaited as the work goes on. */
  readonly onProgress?: (stage: EvaluationStage, done: number, total: number) => unknown;
}

export type EvaluationStage = "likelihood" | "loss curve" | "baselines" | "samples";

export interface ModelEvaluation {
  readonly likelihood: Omit<TextLikelihood, "rowNats">;
  /** Loss and accuracy at fixed mask rates, on masks that depend on the seed alone. */
  readonly lossCurve: ValidationScores;
  /** Of the held-out text, in bits a byte. Empty without a training text. */
  readonly baselines: readonly Baseline[];
  readonly samples?: LaboratoryRecord;
  /** The samples' metrics of natural text. */
  readonly naturalText?: SampleMetrics;
  readonly provenance: EvaluationProvenance;
}

/**
 * Everything that is known of a model on a text: the likelihood bound with its standard error, the loss at each mask
 * rate, what its samples are like beside natural text, and the baselines.
 *
 * @throws DiffusionError `DATA_INVALID` for a text without a row, `ABORTED`, and what model and samplers throw
 */
export async function evaluateTextDiffusion(
  model: TextDiffusion,
  request: EvaluateRequest,
): Promise<ModelEvaluation> {
  const { heldOutText, trainingText, rows = 128, samples = 16, seed = 0, signal } = request;
  const during = (stage: EvaluationStage) => (done: number, total: number) =>
    request.onProgress?.(stage, done, total);
  const { length: rowLength, frame, sampler } = model.settings;
  const [denoiser, tokenizer] = [await model.get("denoiser"), await model.get("tokenizer")];
  const shape = { rowLength, frame };
  const batchSize = request.batchSize ?? defaultBatchSize(denoiser, rowLength);
  const provenance = await evaluationProvenance(model, {
    seed,
    request: { rows, samples, batchSize },
    texts: { heldOut: heldOutText, training: trainingText },
  });
  const { rowNats, ...likelihood } = await textLikelihood(heldOutText, {
    denoiser,
    tokenizer,
    schedule: await model.get("schedule"),
    ...shape,
    maxRows: rows,
    seed,
    batchSize,
    signal,
    onProgress: during("likelihood"),
  });
  const curveRows = spreadRows(
    rowsOfText(tokenizer, heldOutText, shape).rows,
    Math.min(rows, MOST_CURVE_ROWS),
  );
  const rates = Array.from({ length: 10 }, (_, index) => (index + 0.5) / 10);
  const batches = validationBatches(curveRows, tokenizer, { rates, seed, batchSize });
  const scores = await scoreBatches(denoiser, batches, { signal, onProgress: during("loss curve") });
  await during("baselines")(0, 1);
  const judge = trainingText === undefined ? undefined : byteNGramScorer(trainingText);
  const baselines = trainingText === undefined ? [] : await byteBaselines(trainingText, heldOutText, judge);
  const evaluation = { likelihood, lossCurve: summarizeScores(batches, scores), baselines, provenance };
  if (samples === 0) return evaluation;
  const options = await laboratoryOptions(model, {
    samplers: [],
    samples,
    seed,
    batchSize,
    heldOutText,
    signal,
  });
  const scorer = judge ?? options.scorer;
  const own = {
    label: typeof sampler === "string" ? sampler : sampler.name,
    config: sampler,
    sampler: await model.get("sampler"),
  };
  for await (const event of laboratory({ ...options, scorer, entries: [own] })) {
    if (event.kind === "progress") await during("samples")(event.share * samples, samples);
    if (event.kind === "finished") {
      return { ...evaluation, samples: event.report.records[0], naturalText: event.report.reference };
    }
  }
  return evaluation;
}

// --- internal ---

/** Each is scored at ten rates. */
const MOST_CURVE_ROWS = 32;
