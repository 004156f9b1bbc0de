import {
  DiffusionError,
  decodeOptionsSync,
  defineSchedule,
  type NoiseCurve,
  type NoiseRow,
  type NoiseSchedule,
} from "@textdiffusion/core";
import { z } from "zod";
import { linearSchedule } from "./linear.js";

const options = z.strictObject({
  counts: z
    .array(z.int().min(0))
    .min(1)
    .describe(
      "how often each token occurs in the text to be learnt, by token id: textdiffusion count-tokens",
    ),
  strength: z
    .number()
    .min(0)
    .max(1 / Math.PI) // above it a curve would rise
    .default(0.3)
    .describe("how far a token's curve may leave the row's"),
});

/** Options of `spindle`: `counts`, `strength` (default 0.3). */
export type SpindleOptions = z.input<typeof options>;

/**
 * Noise that takes rare tokens first and frequent ones last, so that generation begins with what is common and ends with
 * what says most. He et al. 2022, DiffusionBERT, arXiv:2211.15029, with its linear ("mutual") mean.
 *
 * ```
 * f(v)     = log(1 + count(v)) / max over v
 * f~_i     = f(x_i) - mean over the row's positions
 * alpha_i  = 1 - t + lambda f~_i sin(pi t)
 * alpha_i' = -1 + lambda pi f~_i cos(pi t)
 * ```
 *
 * The sum of f~ is 0, so the row loses tokens as under `linear`. Up to lambda = 1 / pi every curve stays in [0, 1] and
 * never rises; DiffusionBERT's clip to [0, 0.999] is left out with its discrete steps.
 *
 * When a position is masked now tells of the token behind it. A cross entropy weighted position by position is then no
 * bound on the likelihood: the bound has further terms, in which the rates of all candidate tokens enter.
 *
 * @throws DiffusionError `UNKNOWN_OPTION`, `CONFIG_INVALID`; reading a row, `TOKEN_OUT_OF_RANGE` for an id without a count
 */
export function spindleSchedule(given: SpindleOptions): NoiseSchedule {
  const { counts, strength } = decodeOptionsSync(options, given, "schedule", 'schedule "spindle"');
  const commonness = commonnessOf(counts);
  return {
    ...linearSchedule(),
    name: "spindle",
    perPosition: {
      dependsOn: "tokens",
      curves: (row) => {
        const values = row.positions.length === 0 ? new Float64Array(0) : readRow(row, commonness);
        return (position) => curveOf(strength * values[position]);
      },
    },
  };
}

/** `spindle` for configs. */
export const spindle = defineSchedule({
  name: "spindle",
  description: "Rare tokens are masked first and written last (DiffusionBERT).",
  source: "He et al. 2022, DiffusionBERT, arXiv:2211.15029",
  exact: "closed forms for each position; no loss under it is a likelihood bound",
  exceptions: [
    { law: "options-decode-from-nothing", reason: "only the text at hand knows how often its tokens are" },
  ],
  options,
  create: spindleSchedule,
});

// --- internal ---

/** f of every token, in [0, 1]; shape [vocab]. */
function commonnessOf(counts: readonly number[]): Float64Array {
  const logs = Float64Array.from(counts, (count) => Math.log1p(count));
  const most = logs.reduce((high, log) => Math.max(high, log), 0);
  return most === 0 ? logs : logs.map((log) => log / most);
}

/** f~ at the row's positions, 0 elsewhere; shape [seq]. */
function readRow({ ids, positions }: NoiseRow, commonness: Float64Array): Float64Array {
  const values = new Float64Array(ids.length);
  let sum = 0;
  for (const position of positions) {
    const value = commonness[ids[position]];
    if (value === undefined) throw withoutCount(ids[position], position, commonness.length);
    values[position] = value;
    sum += value;
  }
  for (const position of positions) values[position] -= sum / positions.length;
  return values;
}

/** `tilt` is lambda f~. The sine is that of the nearer end of time, which keeps both ends exact. */
function curveOf(tilt: number): NoiseCurve {
  const bulge = (t: number) => tilt * Math.sin(Math.PI * Math.min(t, 1 - t));
  return {
    alpha: (t) => 1 - t + bulge(t),
    alphaDerivative: (t) => Math.min(0, -1 + tilt * Math.PI * Math.cos(Math.PI * t)),
    maskRate: (t) => t - bulge(t),
  };
}

function withoutCount(id: number, position: number, size: number): DiffusionError {
  return new DiffusionError({
    code: "TOKEN_OUT_OF_RANGE",
    component: "schedules/spindle",
    problem: `expected token ids in [0, ${size}), for which there are counts, got ${id} at position ${position}`,
    remedy: "Count the tokens with the tokenizer of the model",
  });
}
