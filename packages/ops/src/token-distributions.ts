import * as tf from "@tensorflow/tfjs-core";
import {
  DiffusionError,
  type ErrorCode,
  type TokenDistributions,
  type TokenDraws,
  type TokenRule,
} from "@textdiffusion/core";
import { drawChunk } from "./draw-chunk.js";
import { assertRestrictions, restrictLogits } from "./restrict-logits.js";
import { sparseCrossEntropy } from "./sparse-cross-entropy.js";
import { blockedLogits, drawableIds, layOutBlocks } from "./vocabulary-blocks.js";

export interface TokenDistributionsOptions {
  /** Ids that are never drawn: `[MASK]`, and rows of the embedding that the tokenizer does not know. */
  readonly forbidden: readonly number[];
}

/**
 * Categorical distributions over the vocabulary from a model's raw logits, drawn from without downloading them.
 *
 * The vocabulary is cut into about `sqrt(vocab)` blocks. The device sums the probabilities of each block; the host
 * chooses a block with the position's uniform, downloads that block alone and chooses the token within, in doubles:
 * inverse transform in two levels. Top-k and top-p download the largest logits, one more than top-k keeps or 1024, and
 * the whole row only where those do not settle the cut: a tie at the border, a nucleus that is larger. A draw follows
 * the distribution up to the float32 rounding of the block sums, about 1e-6 relative.
 *
 * Restrictions upload one row of the vocabulary for each different one; positions without any cost nothing.
 *
 * Positions are worked on in chunks, so that the extra memory on the device is about six times 16 MiB, or six times the
 * logits of one position where that is more. A row that holds NaN or positive infinity gets NaN as its scores.
 *
 * @param logits - shape [positions, vocab], float32. Owned from here on: `dispose` frees it.
 * @throws DiffusionError `TOKEN_OUT_OF_RANGE` for a forbidden id outside the vocabulary. `draw` throws
 * `SAMPLER_INVALID`, `SHAPE_MISMATCH`, `TOKEN_OUT_OF_RANGE` for bad arguments, `CONFIG_INVALID` when every id is
 * forbidden, suppressed or restricted, `NOT_A_NUMBER` when all that is left of a row is minus infinity, `DISPOSED`.
 */
export function tokenDistributions(
  logits: tf.Tensor2D,
  { forbidden }: TokenDistributionsOptions,
): TokenDistributions {
  const [count, vocab] = logits.shape;
  const layout = layOutBlocks(vocab);
  assertIds(forbidden, vocab, "forbidden");

  return {
    count,

    async draw(rule, uniforms, suppressed = [], restrictions): Promise<TokenDraws> {
      assertLive(logits);
      assertRule(rule);
      assertIds(suppressed, vocab, "suppressed");
      if (uniforms.length !== count) {
        throw invalid(
          "SHAPE_MISMATCH",
          `${count} uniforms, got ${uniforms.length}`,
          "Pass one for each position",
        );
      }
      const excluded = new Set([...forbidden, ...suppressed]);
      const brokenToken = firstAllowed(excluded, vocab);
      if (restrictions) assertRestrictions(restrictions, count, vocab, excluded);
      const draws: TokenDraws = {
        tokens: new Int32Array(count),
        logProbs: new Float32Array(count),
        entropy: new Float32Array(count),
        margin: new Float32Array(count),
      };
      const drawable = drawableIds(layout, excluded);
      try {
        const rowsAtOnce = Math.max(1, Math.floor(chunkElements / vocab));
        for (let from = 0; from < count; from += rowsAtOnce) {
          const to = Math.min(count, from + rowsAtOnce);
          const chunk = blockedLogits(logits, drawable, layout, from, to);
          const restricted = restrictions && restrictLogits(chunk, restrictions.slice(from, to));
          try {
            await drawChunk({
              logits: restricted ?? chunk,
              rule,
              uniforms: uniforms.subarray(from, to),
              brokenToken,
              offset: from,
              draws: {
                tokens: draws.tokens.subarray(from, to),
                logProbs: draws.logProbs.subarray(from, to),
                entropy: draws.entropy.subarray(from, to),
                margin: draws.margin.subarray(from, to),
              },
            });
          } finally {
            restricted?.dispose();
            chunk.dispose();
          }
        }
      } finally {
        drawable.dispose();
      }
      return draws;
    },

    async logProbsOf(tokens): Promise<Float32Array> {
      assertLive(logits);
      if (tokens.length !== count) {
        throw invalid(
          "SHAPE_MISMATCH",
          `${count} tokens, got ${tokens.length}`,
          "Pass one for each position",
        );
      }
      assertIds(tokens, vocab, "token");
      firstAllowed(new Set(forbidden), vocab);
      const ceiling = new Float32Array(vocab);
      for (const id of forbidden) ceiling[id] = Number.NEGATIVE_INFINITY;
      const answer = new Float32Array(count);
      const rowsAtOnce = Math.max(1, Math.floor(chunkElements / vocab));
      for (let from = 0; from < count; from += rowsAtOnce) {
        const to = Math.min(count, from + rowsAtOnce);
        const nats = tf.tidy(() => {
          const rows = to - from === count ? logits : tf.slice(logits, [from, 0], [to - from, vocab]);
          const allowed = forbidden.length === 0 ? rows : (tf.add(rows, ceiling) as tf.Tensor2D); // [rows, vocab]
          return tf.neg(sparseCrossEntropy(allowed, tf.tensor1d(tokens.subarray(from, to), "int32"))); // [rows]
        });
        answer.set(await download(nats), from);
      }
      return answer;
    },

    async logProbs(): Promise<Float32Array> {
      assertLive(logits);
      firstAllowed(new Set(forbidden), vocab);
      const table = Float32Array.from(await logits.data()); // a copy: the cpu backend gives its own memory away
      for (let row = 0; row < count; row++)
        normalize(table.subarray(row * vocab, (row + 1) * vocab), forbidden);
      return table;
    },

    combine(parts) {
      assertLive(logits);
      for (const { entries } of parts) assertEntries(entries, parts[0].entries.length, count);
      const sum = tf.tidy(() => {
        const weighted = parts.map(({ weight, entries }) => {
          const chosen = tf.gather(logits, tf.tensor1d(entries, "int32")); // [entries, vocab]
          return weight === 1 ? chosen : (tf.mul(chosen, weight) as tf.Tensor2D);
        });
        return weighted.reduce((total, part) => tf.add(total, part));
      });
      return tokenDistributions(sum, { forbidden });
    },

    dispose(): void {
      logits.dispose(); // a second call does nothing
    },
  };
}

// --- internal ---

/** Logits in a chunk of positions: 16 MiB, 83 positions of RoBERTa's 50265 tokens. */
const chunkElements = 2 ** 22;
/** Far below any use, far above where float32 would make a quotient of it infinite. */
const smallestTemperature = 1e-6;

/** Logits to log-probabilities in place; shape [vocab]. */
function normalize(row: Float32Array, forbidden: readonly number[]): void {
  for (const id of forbidden) row[id] = Number.NEGATIVE_INFINITY;
  const max = row.reduce((largest, logit) => Math.max(largest, logit));
  let mass = 0;
  for (const logit of row) mass += Math.exp(logit - max); // NaN when all are minus infinity
  const logMass = max + Math.log(mass);
  for (let id = 0; id < row.length; id++) row[id] -= logMass;
}

/** The lowest id that may be drawn. */
function firstAllowed(excluded: ReadonlySet<number>, vocab: number): number {
  for (let id = 0; id < vocab; id++) if (!excluded.has(id)) return id;
  throw invalid(
    "CONFIG_INVALID",
    `a token that may be drawn, got all ${vocab} excluded`,
    "Suppress fewer ids",
  );
}

function assertLive(logits: tf.Tensor2D): void {
  if (!logits.isDisposed) return;
  throw invalid("DISPOSED", "live distributions, got disposed ones", "Draw before disposing of them");
}

function assertRule({ temperature, topK, topP, scoreTemperature = 1 }: TokenRule): void {
  const check = (name: string, value: number, expected: string, good: boolean) => {
    if (!good)
      throw invalid("SAMPLER_INVALID", `${name} to be ${expected}, got ${value}`, "Correct the token rule");
  };
  const usable = (value: number) => value >= smallestTemperature && value < Number.POSITIVE_INFINITY;
  check(
    "temperature",
    temperature,
    `0, or finite and at least ${smallestTemperature}`,
    temperature === 0 || usable(temperature),
  );
  check(
    "scoreTemperature",
    scoreTemperature,
    `finite and at least ${smallestTemperature}`,
    usable(scoreTemperature),
  );
  if (topK !== undefined)
    check("topK", topK, "a positive whole number", Number.isSafeInteger(topK) && topK > 0);
  if (topP !== undefined) check("topP", topP, "in (0, 1]", topP > 0 && topP <= 1);
}

async function download(tensor: tf.Tensor): Promise<Float32Array> {
  try {
    return (await tensor.data()) as Float32Array;
  } finally {
    tensor.dispose();
  }
}

function assertEntries(entries: Int32Array, length: number, count: number): void {
  if (entries.length !== length || length === 0) {
    throw invalid(
      "SHAPE_MISMATCH",
      `parts of equally many entries, at least one, got ${entries.length} and ${length}`,
      "Name a distribution for each entry in each part",
    );
  }
  const wrong = entries.find((entry) => entry < 0 || entry >= count);
  if (wrong === undefined) return;
  throw invalid("SHAPE_MISMATCH", `entries below ${count}, got ${wrong}`, "Entries count the distributions");
}

function assertIds(ids: readonly number[] | Int32Array, vocab: number, role: string): void {
  const wrong = ids.find((id: number) => !Number.isInteger(id) || id < 0 || id >= vocab);
  if (wrong === undefined) return;
  throw invalid(
    "TOKEN_OUT_OF_RANGE",
    `${role} ids below ${vocab}, got ${wrong}`,
    "Does the tokenizer belong to the model?",
  );
}

function invalid(code: ErrorCode, expected: string, remedy: string): DiffusionError {
  return new DiffusionError({
    code,
    component: "ops/token-distributions",
    problem: `expected ${expected}`,
    remedy,
  });
}
