import { whoMade } from "../composition/checked/origin.js";
import type { Constraint, RowConstraint } from "../contracts/constraint.js";
import type { NoiseSchedule } from "../contracts/noise-schedule.js";
import type { RowDraws, Sampler, SamplerDecision, SamplerRow, SamplerSteps } from "../contracts/sampler.js";
import { stepsOf, timesOf } from "../contracts/sampler-clock.js";
import { permits, type TokenRestriction } from "../contracts/token-restriction.js";
import { DiffusionError } from "../errors/diffusion-error.js";
import type { Random, RowRandom } from "../random/random.js";
import type { Canvas } from "../values/canvas.js";
import type { PositionChange } from "./events.js";
import type { RunProgress } from "./generation-state.js";
import type { RowRestrictions } from "./row-restrictions.js";

/** What all rows of a run share. */
export interface RunSettings {
  readonly random: Random;
  readonly maskTokenId: number;
  readonly sampler: Sampler;
  readonly schedule: NoiseSchedule;
  /** Tokens that end a text where they are drawn. */
  readonly ends: readonly number[];
  /** What the positions of each row may take; shape [batch]. */
  readonly restrictions: readonly (RowRestrictions | undefined)[];
  /** What the text of each row must meet. */
  readonly constraint: Constraint | undefined;
  /** Of the denoiser. */
  readonly vocabularySize: number;
  readonly suppressed: readonly number[];
  /** Where another run had come. */
  readonly progress: RunProgress | undefined;
  /** Steps of the row that has most; undefined for a sampler that runs until done. */
  readonly planned: number | undefined;
}

/** Draws again at some of the positions of the last prediction, ascending; `round` counts from 1. */
export type Redraw = (positions: Int32Array, round: number) => Promise<RowDraws>;

/** What a decision did to a row. */
export interface RowChanges {
  readonly revealed: readonly PositionChange[];
  readonly remasked: readonly PositionChange[];
  readonly confirmed: readonly PositionChange[];
  /** Indices into the draws whose token was not taken, ascending. */
  readonly untaken: readonly number[];
}

/** One row of a running generation: its own copy of the page, its own clock, its own random stream. */
export class RowState {
  readonly ids: Int32Array;
  readonly attentionMask: Uint8Array;
  readonly editable: Uint8Array;
  readonly revealLogProbs: Float64Array;
  /** Steps of the sampler in this row. */
  readonly steps: SamplerSteps;
  /** Steps of the sampler that are done: where the row stands on its grid. */
  step: number;
  /** Steps of the run that are done: they key the randomness, so that a fork onto another grid draws no number twice. */
  private turn: number;
  /** Done for a reason of its own: in the run that was forked, or because its text has ended. */
  private ended: boolean;
  private readonly ends: ReadonlyMap<number, number>;
  /** The tokens at the start: what locked positions must keep. */
  private readonly given: Int32Array;
  private readonly restrictions: RowRestrictions | undefined;
  private readonly constraint: RowConstraint | undefined;
  private readonly maskTokenId: number;
  private readonly sampler: Sampler;
  private readonly schedule: NoiseSchedule;
  private readonly editablePositions: Int32Array;
  private readonly random: Random;

  constructor(
    readonly row: number,
    canvas: Canvas,
    run: RunSettings,
  ) {
    const { sampler, progress } = run;
    this.maskTokenId = run.maskTokenId;
    this.sampler = sampler;
    this.schedule = run.schedule;
    const from = row * canvas.seq;
    this.ids = canvas.ids.slice(from, from + canvas.seq);
    this.given = this.ids.slice();
    this.restrictions = run.restrictions[row];
    this.attentionMask = canvas.attentionMask.slice(from, from + canvas.seq);
    this.editable = canvas.editable.slice(from, from + canvas.seq);
    this.editablePositions = positionsWhere(canvas.seq, (position) => this.editable[position] === 1);
    this.revealLogProbs =
      progress?.revealLogProbs.slice(from, from + canvas.seq) ??
      new Float64Array(canvas.seq).fill(Number.NaN);
    this.random = run.random.split("row", canvas.rowKeys?.[row] ?? row);
    this.steps = stepsOf(sampler, this.editablePositions.length);
    this.assertSteps();
    this.ends = new Map(run.ends.map((token) => [token, this.firstEnd(token)]));
    this.constraint = run.constraint?.open({
      row,
      ids: this.ids,
      editable: this.editable,
      attentionMask: this.attentionMask,
      maskTokenId: run.maskTokenId,
      vocabularySize: run.vocabularySize,
      suppressed: run.suppressed,
      restrictionAt: (position) => this.restrictions?.[position],
    });
    this.ended = progress?.doneRows.includes(row) ?? false;
    this.turn = progress?.step ?? 0;
    this.step = progress === undefined ? 0 : this.firstStep(progress, run.planned);
  }

  get masked(): Int32Array {
    return this.editablePositions.filter((position) => this.ids[position] === this.maskTokenId);
  }

  /** A row is done when its text has ended, its steps are used up, or nothing is masked and nothing could be revised. */
  get done(): boolean {
    if (this.ended || this.editablePositions.length === 0 || this.step === this.steps) return true;
    return (this.steps === "until-done" || !this.sampler.revises) && this.masked.length === 0;
  }

  /** The row as the sampler sees it, before the step that comes next. */
  view(): SamplerRow {
    const { masked, steps } = this;
    const random = this.random.split("step", this.turn);
    const rowRandom: RowRandom = { uniform: (position, purpose) => random.split(purpose).uniform(position) };
    return {
      ids: this.ids,
      editable: this.editable,
      masked,
      editablePositions: this.editablePositions,
      step: this.step,
      steps: steps === "until-done" ? undefined : steps,
      ...timesOf(steps, this.step, this.schedule, masked.length / this.editablePositions.length),
      schedule: this.schedule,
      revealLogProbs: this.revealLogProbs,
      random: rowRandom,
      ends: this.ends,
    };
  }

  /** @throws DiffusionError `SAMPLER_INVALID` for positions that are not this row's, or not ascending */
  assertRequest(positions: Int32Array): void {
    for (let index = 0; index < positions.length; index++) {
      const position = positions[index];
      if (position > (index === 0 ? -1 : positions[index - 1]) && position < this.ids.length) continue;
      throw this.invalid(`requests in [0, ${this.ids.length}), ascending, got position ${position}`);
    }
  }

  /** What the draws of this step may take at `positions`; undefined where no position of the row is restricted. */
  drawRestrictions(positions: Int32Array): readonly (TokenRestriction | undefined)[] | undefined {
    const given = (position: number) => this.restrictions?.[position];
    if (this.constraint === undefined) return this.restrictions && Array.from(positions, given);
    const candidates = this.constraint.candidates(this.ids, positions);
    return candidates.map((restriction, index) => restriction ?? given(positions[index]));
  }

  /** Numbers for the token draws of this step at `positions`. */
  tokenUniforms(positions: Int32Array, round = 0): Float64Array {
    const step = this.random.split("step", this.turn, "token");
    const random = round === 0 ? step : step.split("again", round);
    return Float64Array.from(positions, (position) => random.uniform(position));
  }

  /**
   * Writes a decision onto the row and goes one step further.
   *
   * @param redraw - draws again at some masked positions, from the same prediction, what they may take now
   * @throws DiffusionError `SAMPLER_INVALID`, `LOCK_VIOLATED`, `CONSTRAINT_INVALID`
   */
  async apply(decision: SamplerDecision, draws: RowDraws, redraw: Redraw): Promise<RowChanges> {
    const before = this.ids.slice();
    const touched = new Set<number>();
    const revealed: PositionChange[] = [];
    const remasked: PositionChange[] = [];
    const confirmed: PositionChange[] = [];
    for (const position of decision.remask) {
      this.assertWritable(position, touched);
      this.ids[position] = this.maskTokenId;
      this.revealLogProbs[position] = Number.NaN;
      if (before[position] !== this.maskTokenId)
        remasked.push(this.change(position, before, this.maskTokenId));
    }
    const commit = (index: number, from: RowDraws): boolean => {
      const position = from.positions[index];
      const token = from.tokens[index];
      if (!this.write(position, token)) return false;
      this.revealLogProbs[position] = from.logProbs[index];
      const change = { ...this.change(position, before, token), ...scores(from, index) };
      (token === before[position] ? confirmed : revealed).push(change);
      return true;
    };
    for (const index of decision.commit) this.assertWritable(draws.positions[index], touched);
    const refused = decision.commit.filter((index) => !commit(index, draws));
    if (this.steps === "until-done" && decision.commit.length === 0) {
      throw this.invalid(
        "at least one committed token in each step of a sampler that runs until done, got none",
      );
    }
    if (refused.length > 0 && refused.length === decision.commit.length) throw this.stuck(refused.length);
    if (this.step + 1 === this.steps)
      await this.settle(
        refused.map((index) => draws.positions[index]),
        commit,
        redraw,
      );
    this.assertLocks();
    const end = this.endOf(decision, refused, draws);
    this.step++;
    this.turn++;
    if (this.step === this.steps && this.masked.length > 0) {
      throw this.invalid(`no mask left after the last of ${this.step} steps, got ${this.masked.length}`);
    }
    const notTaken = new Set(refused);
    const taken = new Set(decision.commit.filter((index) => !notTaken.has(index)));
    const untaken = [...draws.positions.keys()].filter((index) => !taken.has(index));
    if (end === undefined) return { revealed, remasked, confirmed, untaken };
    // What the step did after the end is written over.
    const stands = ({ position }: PositionChange) => position <= end;
    return {
      revealed: [...revealed.filter(stands), ...this.fillAfter(end, before)],
      remasked: remasked.filter(stands),
      confirmed: confirmed.filter(stands),
      untaken,
    };
  }

  // --- internal ---

  /**
   * Where a row of another run goes on. On a grid of as many steps: at the same step. On another grid: at the last step
   * whose time is not below that of its masks, so that they have all the steps that the grid has left for them.
   */
  private firstStep({ steps: before, rowSteps }: RunProgress, planned: number | undefined): number {
    const { steps } = this;
    if (steps === "until-done" || planned === before) return rowSteps[this.row];
    const masked = this.masked.length;
    if (masked === 0) return steps;
    const { t } = timesOf("until-done", 0, this.schedule, masked / this.editablePositions.length);
    const atTime = Math.floor(steps * (1 - t) + 1e-9); // a step met up to rounding is met
    return Math.min(steps - 1, Math.max(0, atTime));
  }

  /** Writes a token unless that would leave no way to meet the constraint. @returns whether it was written */
  private write(position: number, token: number): boolean {
    if (!permits(this.restrictions?.[position], token)) {
      throw this.invalid(`a token that position ${position} may take, got ${token}`);
    }
    const stood = this.ids[position];
    this.ids[position] = token;
    if (token === stood || this.constraint === undefined || this.constraint.completable(this.ids))
      return true;
    this.ids[position] = stood;
    return false;
  }

  /** In the last step what was refused is drawn again until it stands: each round at least one token does. */
  private async settle(
    refused: readonly number[],
    commit: (index: number, draws: RowDraws) => boolean,
    redraw: Redraw,
  ): Promise<void> {
    const isOpen = (position: number) => this.ids[position] === this.maskTokenId;
    let open = Int32Array.from(refused).filter(isOpen).sort();
    for (let round = 1; open.length > 0; round++) {
      const draws = await redraw(open, round);
      for (const index of open.keys()) commit(index, draws);
      const left = open.filter(isOpen);
      if (left.length === open.length) throw this.stuck(left.length);
      open = left;
    }
  }

  private stuck(refused: number): DiffusionError {
    return new DiffusionError({
      code: "CONSTRAINT_INVALID",
      component: "core/loop",
      problem: `expected a constraint to let one of its own candidates stand, got ${refused} refused (row ${this.row}, step ${this.step})`,
      remedy: "The constraint breaks its contract: run constraintLaws of @textdiffusion/testkit on it",
    });
  }

  /** Where the decision ends the text, unless a refused token has upset it. */
  private endOf({ end }: SamplerDecision, refused: readonly number[], draws: RowDraws): number | undefined {
    if (end === undefined || refused.some((index) => draws.positions[index] <= end)) return undefined;
    return this.endAt(end) ? end : undefined;
  }

  /**
   * Ends the text at `position`, which holds its token already, unless the constraint forbids it.
   *
   * @throws DiffusionError `SAMPLER_INVALID` where no text ends
   */
  private endAt(position: number): boolean {
    const token = this.ids[position];
    const first = this.ends.get(token);
    if (this.editable[position] !== 1 || first === undefined || position < first) {
      throw this.invalid(
        `an end at an editable position with a token of \`row.ends\` on or after its first position, got token ${token} at position ${position}`,
      );
    }
    const open = this.masked[0];
    if (open < position) {
      throw this.invalid(`no mask before the end at position ${position}, got one at ${open}`);
    }
    const filled = this.ids.map((id, at) => (at > position && this.editable[at] === 1 ? token : id));
    if (this.constraint?.completable(filled) === false) return false;
    this.ids.set(filled);
    this.ended = true;
    return true;
  }

  /** The changes that an end at `position` made to what stands after it. */
  private fillAfter(position: number, before: Int32Array): PositionChange[] {
    const after = this.editablePositions.filter((at) => at > position);
    for (const at of after) this.revealLogProbs[at] = Number.NaN;
    const changed = after.filter((at) => before[at] !== this.ids[at]);
    return Array.from(changed, (at) => this.change(at, before, this.ids[at]));
  }

  /** The first position where `token` would end the row: what stands after it is editable, the same token, or padding. */
  private firstEnd(token: number): number {
    let position = this.ids.length - 1;
    const mayFollow = (at: number) =>
      this.editable[at] === 1
        ? permits(this.restrictions?.[at], token)
        : this.attentionMask[at] === 0 || this.ids[at] === token;
    while (position > 0 && mayFollow(position)) position--;
    return position;
  }

  /** A sampler is shown the row itself: what it must not write it may still have written. */
  private assertLocks(): void {
    const changed = this.ids.findIndex((id, at) => this.editable[at] === 0 && id !== this.given[at]);
    if (changed < 0) return;
    throw new DiffusionError({
      code: "LOCK_VIOLATED",
      component: whoMade(this.sampler, "samplers"),
      problem: `expected locked tokens to stay, got ${this.ids[changed]} for ${this.given[changed]} at position ${changed} of row ${this.row} in step ${this.step}`,
      remedy: "A sampler must not write into the arrays that it is shown",
    });
  }

  private assertSteps(): void {
    const { steps } = this;
    if (steps === "until-done" || (Number.isSafeInteger(steps) && steps > 0)) return;
    if (steps === 0 && this.editablePositions.length === 0) return;
    throw new DiffusionError({
      code: "SAMPLER_INVALID",
      component: whoMade(this.sampler, "samplers"),
      problem: `expected a positive whole number of steps or "until-done", got ${steps}`,
      remedy: "Correct the sampler's steps",
    });
  }

  private change(position: number, before: Int32Array, to: number): PositionChange {
    return { row: this.row, position, from: before[position], to };
  }

  private assertWritable(position: number, touched: Set<number>): void {
    if (position === undefined || this.editable[position] !== 1) {
      throw new DiffusionError({
        code: "LOCK_VIOLATED",
        component: whoMade(this.sampler, "samplers"),
        problem: `expected writes at editable positions only, got position ${position} in step ${this.step}`,
        remedy:
          "Return indices into the draws in `commit`, and positions of `row.editablePositions` in `remask`",
      });
    }
    if (touched.has(position)) {
      throw this.invalid(`one decision for each position, got two for position ${position}`);
    }
    touched.add(position);
  }

  private invalid(expectedAndGot: string): DiffusionError {
    return new DiffusionError({
      code: "SAMPLER_INVALID",
      component: whoMade(this.sampler, "samplers"),
      problem: `expected ${expectedAndGot} (row ${this.row}, step ${this.step})`,
      remedy: "The sampler breaks its contract: run samplerLaws of @textdiffusion/testkit on it",
    });
  }
}

function scores(draws: RowDraws, index: number) {
  return { logProb: draws.logProbs[index], entropy: draws.entropy[index], margin: draws.margin[index] };
}

function positionsWhere(seq: number, holds: (position: number) => boolean): Int32Array {
  const positions: number[] = [];
  for (let position = 0; position < seq; position++) if (holds(position)) positions.push(position);
  return Int32Array.from(positions);
}
