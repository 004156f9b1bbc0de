import { DiffusionError, Random, type Tokenizer, type TokenRow } from "@textdiffusion/core";
import { defaultBatchSize } from "../batch-size.js";
import { ratioOfSums } from "../ratio-of-sums.js";
import { throwIfAborted } from "../throw-if-aborted.js";
import { lladaCounts, stratifiedCounts } from "./mask-counts.js";
import { type MaskedView, scoreViews, type ViewScorerOptions } from "./masked-views.js";

export interface LikelihoodOptions extends Pick<ViewScorerOptions, "denoiser" | "schedule"> {
  readonly tokenizer: Pick<Tokenizer, "special" | "specialIds">;
  /** Mask counts that a replicate spreads over (0, N]. Default 4. */
  readonly strata?: number;
  /** How they are spread: `even`, or `llada` for estimates to be compared with that code's. Default even. */
  readonly counts?: "even" | "llada";
  /** Independent estimates a row, whose difference is the standard error; at least 2. Default 2. */
  readonly replicates?: number;
  /** Views in one forward. Default 16, less where the vocabulary is large: see `defaultBatchSize`. */
  readonly batchSize?: number;
  /** Default 0. */
  readonly seed?: number;
  /** Checked before each forward; an aborted run throws `ABORTED`. */
  readonly signal?: AbortSignal;
  /** Called and awaited after each forward with the views scored and their number. */
  readonly onProgress?: (done: number, total: number) => unknown;
}

/** An upper bound on the negative log-likelihood of some rows of tokens. */
export interface LikelihoodBound {
  readonly rows: number;
  /** Tokens scored: special tokens and prompts are shown, never scored. */
  readonly tokens: number;
  readonly natsPerToken: number;
  /** Standard error of `natsPerToken` from the masks that were drawn: what another seed would change. Nats a token. */
  readonly maskStandardError: number;
  /**
   * Standard error of `natsPerToken` as a figure for all text like these rows, the masks' share included; NaN for one
   * row. Nats a token. It takes the rows for independent, which neighbours in a text are not quite.
   */
  readonly standardError: number;
  /** `exp(natsPerToken)`. */
  readonly perplexity: number;
  /** Bound of each row in nats; shape [rows]. */
  readonly rowNats: Float64Array;
  /** Tokens scored of each row; shape [rows]. */
  readonly rowTokens: Int32Array;
}

/**
 * Bounds the negative log-likelihood of rows by stratified exact counts.
 *
 * With N scored tokens, k of them masked uniformly at random, and CE = -log p(clean token | the rest),
 *
 *     -log p(row) <= N * E over k in {1 .. N} of E over masks of k tokens of (1/k) * sum of CE over the masked,
 *
 * the cost of writing the row in a random order, averaged over all orders: Ou et al. 2024 (RADD, arXiv:2406.03736) for
 * the identity, Nie et al. 2025 (LLaDA, arXiv:2502.09992) for the estimator. It equals the continuous-time bound under
 * every noise schedule whose noise is alike at all positions, without the noise of 1/t near t = 0; for the others it is
 * a bound as well, though not the one that their models were trained on. For the exact model of a text it is no bound but
 * the likelihood.
 *
 * Each row gets `replicates` independent estimates of `strata` masks each (`stratifiedCounts`), so the variance of the
 * mean is estimated without bias by their spread: for a row `sum((e_g - mean)^2) / (G (G - 1))`, summed over the rows.
 *
 * @param rows - no longer than the denoiser reads. A row's masks depend on its index and the seed alone.
 * @throws DiffusionError `DATA_INVALID` for no rows, a row too long, or nothing to score; `CONFIG_INVALID` for
 *   `strata` below 1 or `replicates` below 2; `ABORTED`, `NOT_A_NUMBER`
 */
export async function likelihoodBound(
  rows: readonly TokenRow[],
  options: LikelihoodOptions,
): Promise<LikelihoodBound> {
  const { denoiser, tokenizer, strata = 4, replicates = 2, counts = "even", seed = 0 } = options;
  const longest = rows.reduce((length, { ids }) => Math.max(length, ids.length), 1);
  const batchSize = options.batchSize ?? defaultBatchSize(denoiser, longest);
  assertCount("strata", strata, 1);
  assertCount("replicates", replicates, 2);
  assertCount("batchSize", batchSize, 1);
  const random = Random.fromSeed(seed).split("likelihood");
  const scored = rows.map((row, index) => scoredPositions(row, index, options));
  const tokens = scored.reduce((sum, { length }) => sum + length, 0);
  if (tokens === 0) {
    throw invalid(
      "at least one token to score, got none",
      "Give rows that hold more than prompts and special tokens",
    );
  }
  const views = rows.flatMap(({ ids, promptLength }, row) =>
    viewsOf({
      ids,
      promptLength,
      scored: scored[row],
      row,
      strata,
      replicates,
      countsOf: counts === "llada" ? lladaCounts : stratifiedCounts,
      random: random.split(row),
    }),
  );
  const estimates = rows.map(() => new Float64Array(replicates)); // nats of the row
  for (let from = 0; from < views.length; from += batchSize) {
    throwIfAborted(options.signal);
    const batch = views.slice(from, from + batchSize);
    const nats = await scoreViews(batch, {
      denoiser,
      maskTokenId: tokenizer.special.mask,
      padTokenId: tokenizer.special.pad,
      schedule: options.schedule,
    });
    batch.forEach(({ row, replicate, maskRate }, index) => {
      estimates[row][replicate] += nats[index] / maskRate / strata;
    });
    await options.onProgress?.(Math.min(views.length, from + batchSize), views.length);
  }
  const rowNats = Float64Array.from(estimates, meanOf);
  const rowTokens = Int32Array.from(scored, ({ length }) => length);
  const { ratio, standardError } = ratioOfSums(rowNats, rowTokens);
  const maskVariance = estimates.reduce((sum, row) => sum + varianceOfMean(row), 0);
  return {
    rows: rows.length,
    tokens,
    natsPerToken: ratio,
    maskStandardError: Math.sqrt(maskVariance) / tokens,
    standardError,
    perplexity: Math.exp(ratio),
    rowNats,
    rowTokens,
  };
}

// --- internal ---

interface RowView extends MaskedView {
  readonly row: number;
  readonly replicate: number;
}

/** Positions that cost something: neither prompt nor special token. */
function scoredPositions(
  { ids, promptLength = 0 }: TokenRow,
  row: number,
  { denoiser, tokenizer }: LikelihoodOptions,
): Int32Array {
  if (ids.length > denoiser.maxLength) {
    throw invalid(
      `rows of at most ${denoiser.maxLength} tokens for denoiser "${denoiser.name}", got ${ids.length} in row ${row}`,
      "Cut the text into shorter rows",
    );
  }
  const wrong = ids.find((id) => !(id >= 0 && id < denoiser.vocabularySize));
  if (wrong !== undefined) {
    throw new DiffusionError({
      code: "TOKEN_OUT_OF_RANGE",
      component: "evaluation/likelihood",
      problem: `expected token ids in [0, ${denoiser.vocabularySize}), got ${wrong} in row ${row}`,
      remedy: "Use the tokenizer that the model was trained with",
    });
  }
  const special = new Set(tokenizer.specialIds);
  const positions = [...ids.keys()];
  return Int32Array.from(positions.filter((at) => at >= promptLength && !special.has(ids[at])));
}

function viewsOf({
  ids,
  promptLength,
  scored,
  row,
  strata,
  replicates,
  countsOf,
  random,
}: {
  readonly ids: Int32Array;
  readonly promptLength?: number;
  readonly scored: Int32Array;
  readonly row: number;
  readonly strata: number;
  readonly replicates: number;
  readonly countsOf: typeof stratifiedCounts;
  readonly random: Random;
}): RowView[] {
  if (scored.length === 0) return [];
  return Array.from({ length: replicates }, (_, replicate) => {
    const stream = random.split(replicate);
    return countsOf(scored.length, strata, stream.uniform()).map((count, stratum) => {
      const order = stream.split("mask", stratum).permutation(scored.length);
      const masked = order.subarray(0, count).sort();
      return {
        ids,
        promptLength,
        masked: masked.map((at) => scored[at]),
        maskRate: count / scored.length,
        row,
        replicate,
      };
    });
  }).flat();
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Unbiased for independent values. */
function varianceOfMean(values: Float64Array): number {
  const mean = meanOf(values);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return squares / (values.length * (values.length - 1));
}

function assertCount(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new DiffusionError({
    code: "CONFIG_INVALID",
    component: "evaluation/likelihood",
    problem: `expected ${name} to be a whole number of at least ${least}, got ${value}`,
    remedy: "Correct the number",
  });
}

function invalid(expectedAndGot: string, remedy: string): DiffusionError {
  return new DiffusionError({
    code: "DATA_INVALID",
    component: "evaluation/likelihood",
    problem: `expected ${expectedAndGot}`,
    remedy,
  });
}
