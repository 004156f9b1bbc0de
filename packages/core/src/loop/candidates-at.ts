import type { Denoiser } from "../contracts/denoiser.js";
import type { NoiseSchedule } from "../contracts/noise-schedule.js";
import { timesOf } from "../contracts/sampler-clock.js";
import { permits } from "../contracts/token-restriction.js";
import type { GenerationState } from "./generation-state.js";
import { indexOfPlace, type TokenPlace } from "./token-place.js";

export interface CandidatesRequest {
  readonly denoiser: Denoiser;
  /** Says at which time a page with as many masks is, for denoisers that ask for it. */
  readonly schedule: NoiseSchedule;
  readonly state: GenerationState;
  readonly place: TokenPlace;
  readonly maskTokenId: number;
  /** Ids that must not be drawn, besides `[MASK]`. */
  readonly suppressed?: readonly number[];
  /** How many of the likeliest. Default 5. */
  readonly count?: number;
}

/** What a model would write at one place. */
export interface PlaceCandidates {
  /** Entropy of the distribution, in nats. */
  readonly entropy: number;
  /** The likeliest first, of equals the lowest id. */
  readonly candidates: readonly { readonly token: number; readonly probability: number }[];
}

/**
 * Asks the model what it would write at one place of a page, masked for this or already: one forward of its row.
 *
 * The probabilities are those that a token drawn there has as its confidence: at temperature 1, without what is suppressed or
 * restricted, before top-k and top-p.
 *
 * @throws DiffusionError `PROMPT_INVALID` for a place outside the page, and what the denoiser throws
 */
export async function candidatesAt(request: CandidatesRequest): Promise<PlaceCandidates> {
  const { denoiser, schedule, place, maskTokenId, suppressed = [], count = 5 } = request;
  const { canvas } = request.state;
  const { seq } = canvas;
  const { row, position } = place;
  indexOfPlace(canvas, place, "look at positions of the page");
  const ofRow = <Entries extends Int32Array | Uint8Array>(entries: Entries) =>
    entries.slice(row * seq, (row + 1) * seq) as Entries;
  const [ids, attentionMask, editable] = [
    ofRow(canvas.ids),
    ofRow(canvas.attentionMask),
    ofRow(canvas.editable),
  ];
  ids[position] = maskTokenId;
  editable[position] = 1;
  const share = howMany(ids, maskTokenId) / howMany(editable, 1);
  const { t } = timesOf("until-done", 0, schedule, share);
  const distributions = await denoiser.denoise({
    batch: 1,
    seq,
    ids,
    attentionMask,
    editable,
    time: Float64Array.of(t),
    positions: Int32Array.of(position),
  });
  try {
    const logProbs = await distributions.logProbs();
    const never = new Set(suppressed);
    const restrictions =
      canvas.restrictions?.filter((at) => at.row === row && at.position === position) ?? [];
    const mayStand = (token: number) =>
      !never.has(token) && restrictions.every((restriction) => permits(restriction, token));
    const weights = Float64Array.from(logProbs, (logProb, token) =>
      mayStand(token) ? Math.exp(logProb) : 0,
    );
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const probabilities = weights.map((weight) => weight / total);
    const likeliest = [...probabilities.keys()]
      .filter((token) => probabilities[token] > 0)
      .sort((a, b) => probabilities[b] - probabilities[a] || a - b);
    return {
      entropy: probabilities.reduce((sum, p) => (p > 0 ? sum - p * Math.log(p) : sum), 0),
      candidates: likeliest.slice(0, count).map((token) => ({ token, probability: probabilities[token] })),
    };
  } finally {
    distributions.dispose();
  }
}

// --- internal ---

function howMany(entries: Iterable<number>, value: number): number {
  let count = 0;
  for (const entry of entries) count += Number(entry === value);
  return count;
}
