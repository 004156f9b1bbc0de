import { type Denoiser, DiffusionError, type NoiseSchedule } from "@textdiffusion/core";

/** A row of text with some tokens masked: what the denoiser is asked, and what it should answer. */
export interface MaskedView {
  /** Clean tokens; shape [length]. */
  readonly ids: Int32Array;
  /** Positions in the row that are masked, ascending, at least one. */
  readonly masked: Int32Array;
  /** Tokens at the beginning that are shown and given; guidance holds to them. Default 0. */
  readonly promptLength?: number;
  /** Share of the row's scored tokens that is masked, in (0, 1]. */
  readonly maskRate: number;
}

export interface ViewScorerOptions {
  readonly denoiser: Denoiser;
  readonly maskTokenId: number;
  /** Fills shorter rows of a batch and is not attended to. Default 0. */
  readonly padTokenId?: number;
  /** Tells a time-conditioned denoiser the time of a mask rate. Default linear: time is the mask rate. */
  readonly schedule?: NoiseSchedule;
}

/**
 * The cost of the masked tokens of each view in nats, `sum of -log p(clean token | view)` over its masked positions: one
 * forward for all views together.
 *
 * @returns shape [views]
 */
export async function scoreViews(
  views: readonly MaskedView[],
  { denoiser, maskTokenId, padTokenId = 0, schedule }: ViewScorerOptions,
): Promise<Float64Array> {
  const seq = views.reduce((longest, { ids }) => Math.max(longest, ids.length), 0);
  const ids = new Int32Array(views.length * seq).fill(padTokenId);
  const attentionMask = new Uint8Array(views.length * seq);
  const editable = new Uint8Array(views.length * seq);
  const count = views.reduce((sum, { masked }) => sum + masked.length, 0);
  const positions = new Int32Array(count);
  const clean = new Int32Array(count);
  let offset = 0;
  views.forEach((view, row) => {
    ids.set(view.ids, row * seq);
    attentionMask.fill(1, row * seq, row * seq + view.ids.length);
    editable.fill(1, row * seq + (view.promptLength ?? 0), row * seq + view.ids.length);
    for (const position of view.masked) {
      ids[row * seq + position] = maskTokenId;
      positions[offset] = row * seq + position;
      clean[offset] = view.ids[position];
      offset++;
    }
  });
  const time = Float64Array.from(views, ({ maskRate }) => schedule?.timeAt(1 - maskRate) ?? maskRate);
  const distributions = await denoiser.denoise({
    batch: views.length,
    seq,
    ids,
    attentionMask,
    editable,
    time,
    positions,
  });
  const logProbs = await distributions.logProbsOf(clean).finally(() => distributions.dispose());
  const nats = new Float64Array(views.length);
  offset = 0;
  views.forEach(({ masked }, row) => {
    for (const _ of masked) nats[row] -= logProbs[offset++];
    if (Number.isNaN(nats[row])) throw notANumber(denoiser.name);
  });
  return nats;
}

// --- internal ---

function notANumber(name: string): DiffusionError {
  return new DiffusionError({
    code: "NOT_A_NUMBER",
    component: "evaluation/likelihood",
    problem: `expected log-probabilities from denoiser "${name}", got NaN`,
    remedy: "The weights probably hold NaN: check the checkpoint",
  });
}
