import { validationBatches } from "@textdiffusion/data";
import {
  defaultBatchSize,
  rowsOfText,
  scoreBatches,
  spreadRows,
  summarizeScores,
  type TextLikelihood,
  type TextRows,
  textLikelihood,
  type ValidationScores,
} from "@textdiffusion/evaluation";
import type { TextDiffusion } from "../load-text-diffusion.js";

export interface ScoreTextOptions {
  /** Tokens of a row, frame included. */
  readonly rowLength: number;
  readonly frame: boolean;
  /** Rows scored for the likelihood, spread over the text. */
  readonly rows: number;
  readonly seed: number;
  /** Default: less for large vocabularies. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
  readonly onLikelihood: (done: number, total: number) => unknown;
  readonly onLossCurve: (done: number, total: number) => unknown;
}

/** A likelihood without the figures of each row. */
export type ReportedLikelihood = Omit<TextLikelihood, "rowNats" | "rowTokens">;

/** A text as a model sees and scores it. */
export interface ScoredText {
  readonly likelihood: TextLikelihood;
  /** Loss and accuracy at fixed mask rates, on masks that depend on the seed alone. */
  readonly lossCurve: ValidationScores;
  readonly rows: TextRows["rows"];
  readonly batchSize: number;
}

/**
 * The likelihood bound of a text and the loss at each mask rate.
 *
 * @throws DiffusionError `DATA_INVALID` for a text without a row, `ABORTED`, and what the model throws
 */
export async function scoreText(
  model: TextDiffusion,
  text: string,
  { rowLength, frame, rows: maxRows, seed, signal, onLikelihood, onLossCurve, ...given }: ScoreTextOptions,
): Promise<ScoredText> {
  const [denoiser, tokenizer] = [await model.get("denoiser"), await model.get("tokenizer")];
  const batchSize = given.batchSize ?? defaultBatchSize(denoiser, rowLength);
  const shape = { rowLength, frame };
  const likelihood = await textLikelihood(text, {
    denoiser,
    tokenizer,
    schedule: await model.get("schedule"),
    ...shape,
    maxRows,
    seed,
    batchSize,
    signal,
    onProgress: onLikelihood,
  });
  const { rows } = rowsOfText(tokenizer, text, shape);
  const curveRows = spreadRows(rows, Math.min(maxRows, MOST_CURVE_ROWS));
  const rates = Array.from({ length: 10 }, (_, index) => (index + 0.5) / 10);
  const batches = validationBatches(curveRows, tokenizer, { rates, seed, batchSize });
  const scores = await scoreBatches(denoiser, batches, { signal, onProgress: onLossCurve });
  return { likelihood, lossCurve: summarizeScores(batches, scores), rows, batchSize };
}

export function reportedLikelihood({ likelihood }: ScoredText): ReportedLikelihood {
  const { rowNats: _, rowTokens: __, ...reported } = likelihood;
  return reported;
}

// --- internal ---

/** Each is scored at ten rates. */
const MOST_CURVE_ROWS = 32;
