import {
  type Baseline,
  byteBaselines,
  byteNGramScorer,
  type LaboratoryRecord,
  laboratory,
  type SampleMetrics,
  type ValidationScores,
} from "@textdiffusion/evaluation";
import type { TextDiffusion } from "../load-text-diffusion.js";
import { type EvaluationBeside, evaluateBeside } from "./evaluate-beside.js";
import { type EvaluationProvenance, evaluationProvenance } from "./evaluation-provenance.js";
import { laboratoryOptions } from "./laboratory-options.js";
import { type ReportedLikelihood, reportedLikelihood, scoreText } from "./score-text.js";

export interface EvaluateRequest {
  /** Text that the model has not learnt from. */
  readonly heldOutText: string;
  /** What baselines and judge learn from. Without it there are no baselines, and the model judges its own samples. */
  readonly trainingText?: string;
  /** Rows scored for the likelihood, spread over the text. Default 128. */
  readonly rows?: number;
  /** Another model, to be scored on the same rows under the same masks: the one before fine-tuning, say. It writes no samples. */
  readonly beside?: TextDiffusion;
  /** Samples written with the model's own sampler. Default 16; 0 writes none. */
  readonly samples?: number;
  /** Default 0. */
  readonly seed?: number;
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
  /** Called and awaited as the work goes on. */
  readonly onProgress?: (stage: EvaluationStage, done: number, total: number) => unknown;
}

export type EvaluationStage =
  | "likelihood"
  | "loss curve"
  | "likelihood beside"
  | "loss curve beside"
  | "baselines"
  | "samples";

export interface ModelEvaluation {
  readonly likelihood: ReportedLikelihood;
  /** Loss and accuracy at fixed mask rates, on masks that depend on the seed alone. */
  readonly lossCurve: ValidationScores;
  readonly beside?: EvaluationBeside;
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
  const { heldOutText, trainingText, rows = 128, samples = 16, seed = 0, beside, signal } = request;
  const during = (stage: EvaluationStage) => (done: number, total: number) =>
    request.onProgress?.(stage, done, total);
  const { length: rowLength, frame, sampler } = model.settings;
  const options = {
    rowLength,
    frame,
    rows,
    seed,
    batchSize: request.batchSize,
    signal,
    onLikelihood: during("likelihood"),
    onLossCurve: during("loss curve"),
  };
  const scored = await scoreText(model, heldOutText, options);
  const { lossCurve, batchSize } = scored;
  const provenance = await evaluationProvenance(model, {
    seed,
    request: { rows, samples, batchSize },
    texts: { heldOut: heldOutText, training: trainingText },
  });
  const other =
    beside &&
    (await evaluateBeside(beside, heldOutText, scored, {
      ...options,
      onLikelihood: during("likelihood beside"),
      onLossCurve: during("loss curve beside"),
    }));
  await during("baselines")(0, 1);
  const judge = trainingText === undefined ? undefined : byteNGramScorer(trainingText);
  const baselines = trainingText === undefined ? [] : await byteBaselines(trainingText, heldOutText, judge);
  const evaluation = {
    likelihood: reportedLikelihood(scored),
    lossCurve,
    ...(other && { beside: other }),
    baselines,
    provenance,
  };
  if (samples === 0) return evaluation;
  const { scorer, ...run } = await laboratoryOptions(model, {
    samplers: [],
    samples,
    seed,
    batchSize,
    heldOutText,
    signal,
  });
  const own = {
    label: typeof sampler === "string" ? sampler : sampler.name,
    config: sampler,
    sampler: await model.get("sampler"),
  };
  for await (const event of laboratory({ ...run, scorer: judge ?? scorer, entries: [own] })) {
    if (event.kind === "progress") await during("samples")(event.share * samples, samples);
    if (event.kind === "finished") {
      return { ...evaluation, samples: event.report.records[0], naturalText: event.report.reference };
    }
  }
  return evaluation;
}
