import type { Constraint } from "../contracts/constraint.js";
import type { Denoiser } from "../contracts/denoiser.js";
import type { NoiseSchedule } from "../contracts/noise-schedule.js";
import type { RowDraws, Sampler } from "../contracts/sampler.js";
import { stepsOf } from "../contracts/sampler-clock.js";
import { DiffusionError } from "../errors/diffusion-error.js";
import { Random } from "../random/random.js";
import { assertCanvas, type Canvas } from "../values/canvas.js";
import type { Candidates, GenerationEvent, PositionChange } from "./events.js";
import { assertProgress, type RunProgress } from "./generation-state.js";
import { noDraws, noPredictions, type Plan, predict } from "./predict.js";
import { restrictionsOf } from "./row-restrictions.js";
import { RowState } from "./row-state.js";

export interface ReverseLoopOptions {
  readonly denoiser: Denoiser;
  readonly sampler: Sampler;
  readonly schedule: NoiseSchedule;
  /** Where to start; not written to. */
  readonly canvas: Canvas;
  /**
   * How far another run had come on this canvas, to go on from there (`{ ...state }` of a `GenerationState`). A sampler
   * with as many steps goes on at the same step; one with another grid enters it at the time that corresponds to the
   * share of each row that is masked. Rows that were done stay as they are. Not written to.
   */
  readonly progress?: RunProgress;
  readonly maskTokenId: number;
  /** Same seed, same text, whatever the batch, the backend or the machine. */
  readonly seed: number;
  /** Ids that must not be drawn, besides `[MASK]`. */
  readonly suppressed?: readonly number[];
  /** What the text of each row must meet. Default nothing. */
  readonly constraint?: Constraint;
  /** Tokens that end a text, for samplers that stop there; suppressed ones end nothing. Default none. */
  readonly ends?: readonly number[];
  /** Checked between steps; an aborted run throws `ABORTED` and frees everything. */
  readonly signal?: AbortSignal;
}

/**
 * The only reverse loop: from a canvas at t = 1 to text at t = 0, one event a step.
 *
 * Each step asks the sampler which positions it wants, sends the rows that want any through the denoiser as one
 * batch, and lets the sampler decide row by row. A row that is done leaves the batch and costs nothing more.
 *
 * @throws DiffusionError `ABORTED`, `PROMPT_INVALID`, `SHAPE_MISMATCH`, `LOCK_VIOLATED`, `SAMPLER_INVALID`,
 *   `NOT_A_NUMBER` (with the step), `TOKEN_OUT_OF_RANGE`, `CONFIG_INVALID` (the seed), `CONSTRAINT_INVALID`, and what the
 *   constraint throws of a row that cannot meet it
 */
export async function* reverseLoop(options: ReverseLoopOptions): AsyncGenerator<GenerationEvent, void, void> {
  const { denoiser, sampler, schedule, canvas, progress, maskTokenId } = options;
  assertCanvas(canvas, maskTokenId);
  if (progress !== undefined) assertProgress(progress, canvas);
  if (canvas.seq > denoiser.maxLength) {
    throw new DiffusionError({
      code: "PROMPT_INVALID",
      component: "core/loop",
      problem: `expected a canvas of at most ${denoiser.maxLength} tokens for denoiser "${denoiser.name}", got ${canvas.seq}`,
      remedy: "Shorten the prompt or ask for fewer tokens",
    });
  }
  assertKnownIds(canvas, denoiser);
  const restrictions = restrictionsOf(canvas, {
    vocabularySize: denoiser.vocabularySize,
    maskTokenId,
    suppressed: options.suppressed ?? [],
  });
  const planned = plannedSteps(canvas, sampler);
  const random = Random.fromSeed(options.seed);
  const ends = (options.ends ?? []).filter((token) => !options.suppressed?.includes(token));
  const rows = Array.from(
    { length: canvas.batch },
    (_, row) =>
      new RowState(row, canvas, {
        random,
        maskTokenId,
        sampler,
        schedule,
        ends,
        restrictions,
        constraint: options.constraint,
        vocabularySize: denoiser.vocabularySize,
        suppressed: options.suppressed ?? [],
        progress,
        planned,
      }),
  );
  let { step, forwards, rowForwards } = progress ?? { step: 0, forwards: 0, rowForwards: 0 };
  yield {
    kind: "started",
    batch: canvas.batch,
    seq: canvas.seq,
    maskTokenId,
    ids: canvas.ids.slice(),
    attentionMask: canvas.attentionMask.slice(),
    editable: canvas.editable.slice(),
    restrictions: canvas.restrictions ?? [],
    rowKeys: canvas.rowKeys?.slice() ?? rows.map(({ row }) => row),
    steps: planned,
    step,
    rowSteps: Int32Array.from(rows, (row) => row.step),
    doneRows: rows.filter((row) => row.done).map(({ row }) => row),
    revealLogProbs: Float64Array.from(rows.flatMap((row) => [...row.page.revealLogProbs])),
    forwards,
    rowForwards,
  };

  for (
    let active = rows.filter((row) => !row.done);
    active.length > 0;
    active = active.filter((row) => !row.done)
  ) {
    throwIfAborted(options.signal, step);
    const plans = active.map((row) => {
      const view = row.view();
      const positions = sampler.request(view);
      row.assertRequest(positions);
      return { row, view, positions };
    });
    const asking = plans.filter((plan) => plan.positions.length > 0);
    const predictions = asking.length > 0 ? await predict(options, canvas.seq, asking, step) : noPredictions;
    forwards += predictions.cost.forwards;
    rowForwards += predictions.cost.rowForwards;
    const revealed: PositionChange[] = [];
    const remasked: PositionChange[] = [];
    const confirmed: PositionChange[] = [];
    const untaken: UntakenDraw[] = [];
    const maskedEntropy = meanMaskedEntropy(asking, predictions.drawsOf);
    try {
      for (const { row, view } of plans) {
        const draws = predictions.drawsOf.get(row) ?? noDraws;
        const changes = await row.apply(sampler.decide(view, draws), draws, (positions, round) =>
          predictions.redraw(row, positions, round),
        );
        revealed.push(...changes.revealed);
        remasked.push(...changes.remasked);
        confirmed.push(...changes.confirmed);
        for (const index of changes.untaken) untaken.push({ row: row.row, draws, index });
      }
    } finally {
      predictions.dispose();
    }
    yield {
      kind: "step",
      step,
      t: plans[0].view.t,
      s: plans[0].view.s,
      revealed,
      remasked,
      confirmed,
      candidates: candidatesOf(untaken),
      ...(maskedEntropy !== undefined && { maskedEntropy }),
      masked: rows.reduce((sum, row) => sum + row.page.masked.length, 0),
      finishedRows: active.filter((row) => row.done).map((row) => row.row),
      forwards,
      rowForwards,
    };
    step++;
  }

  const ids = new Int32Array(canvas.ids.length);
  for (const row of rows) ids.set(row.page.ids, row.row * canvas.seq);
  yield { kind: "finished", ids, steps: step, forwards, rowForwards };
}

// --- internal ---

interface UntakenDraw {
  readonly row: number;
  readonly draws: RowDraws;
  readonly index: number;
}

function candidatesOf(untaken: readonly UntakenDraw[]): Candidates {
  return {
    rows: Int32Array.from(untaken, ({ row }) => row),
    positions: Int32Array.from(untaken, ({ draws, index }) => draws.positions[index]),
    tokens: Int32Array.from(untaken, ({ draws, index }) => draws.tokens[index]),
    logProbs: Float32Array.from(untaken, ({ draws, index }) => draws.logProbs[index]),
  };
}

/** Draws of positions that were revealed already, which revising samplers ask for, do not count. */
function meanMaskedEntropy(
  plans: readonly Plan[],
  drawsOf: ReadonlyMap<RowState, RowDraws>,
): number | undefined {
  const entropies = plans.flatMap(({ row, view }) => {
    const { positions, entropy } = drawsOf.get(row) ?? noDraws;
    const masked = new Set(view.masked);
    return [...entropy].filter((_, index) => masked.has(positions[index]));
  });
  if (entropies.length === 0) return undefined;
  return entropies.reduce((sum, each) => sum + each, 0) / entropies.length;
}

/** Steps of the row that has most; undefined where one runs until it is done. */
function plannedSteps({ batch, seq, editable }: Canvas, sampler: Sampler): number | undefined {
  let most = 0;
  for (let row = 0; row < batch; row++) {
    const count = editable.subarray(row * seq, (row + 1) * seq).reduce((sum, flag) => sum + flag, 0);
    const steps = stepsOf(sampler, count);
    if (steps === "until-done") return undefined;
    most = Math.max(most, steps);
  }
  return most;
}

/** A tokenizer and a model that do not belong together show here, before a device gathers rows that it lacks. */
function assertKnownIds(canvas: Canvas, denoiser: Denoiser): void {
  const index = canvas.ids.findIndex((id) => id < 0 || id >= denoiser.vocabularySize);
  if (index < 0) return;
  throw new DiffusionError({
    code: "TOKEN_OUT_OF_RANGE",
    component: "core/loop",
    problem: `expected token ids in [0, ${denoiser.vocabularySize}) for denoiser "${denoiser.name}", got ${canvas.ids[index]} in row ${Math.floor(index / canvas.seq)} at position ${index % canvas.seq}`,
    remedy: "Use the tokenizer that the model was trained with",
  });
}

function throwIfAborted(signal: AbortSignal | undefined, step: number): void {
  if (!signal?.aborted) return;
  throw new DiffusionError({
    code: "ABORTED",
    component: "core/loop",
    problem: `expected to run to the end, got an abort before step ${step}`,
    remedy: "Nothing is left running. Start again with the same seed for the same text",
    cause: signal.reason,
  });
}
