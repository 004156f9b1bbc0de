import { whoMade } from "../composition/checked/origin.js";
import type { RowDraws, SamplerDecision, SamplerRow, SamplerSteps } from "../contracts/sampler.js";
import { stepsOf, timesOf } from "../contracts/sampler-clock.js";
import { DiffusionError, type ErrorCode } from "../errors/diffusion-error.js";
import type { Random, RowRandom } from "../random/random.js";
import type { Canvas } from "../values/canvas.js";
import type { PositionChange } from "./events.js";
import type { RunProgress } from "./generation-state.js";
import { RowPage } from "./row-page.js";
import type { RunSettings } from "./run-settings.js";

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

/** One row of a running generation: its page, its own clock, its own random stream. */
export class RowState {
  readonly page: RowPage;
  /** Steps of the sampler in this row. */
  readonly steps: SamplerSteps;
  /** Steps of the sampler that are done: where the row stands on its grid. */
  step: number;
  /** Steps of the run that are done: they key the randomness, so that a fork onto another grid draws no number twice. */
  private turn: number;
  /** Done for a reason of its own: in the run that was forked, or because its text has ended. */
  private ended: boolean;
  private readonly random: Random;

  constructor(
    readonly row: number,
    canvas: Canvas,
    private readonly run: RunSettings,
  ) {
    const { progress } = run;
    this.page = new RowPage(row, canvas, run);
    this.random = run.random.split("row", canvas.rowKeys?.[row] ?? row);
    this.steps = stepsOf(run.sampler, this.page.editablePositions.length);
    this.ended = progress?.doneRows.includes(row) ?? false;
    this.turn = progress?.step ?? 0;
    this.step = progress === undefined ? 0 : this.firstStep(progress);
    this.assertSteps();
  }

  /** A row is done when its text has ended, its steps are used up, or nothing is masked and nothing could be revised. */
  get done(): boolean {
    if (this.ended || this.page.editablePositions.length === 0 || this.step === this.steps) return true;
    return (this.steps === "until-done" || !this.run.sampler.revises) && this.page.masked.length === 0;
  }

  /** The row as the sampler sees it, before the step that comes next. */
  view(): SamplerRow {
    const { steps, step } = this;
    const { ids, editable, editablePositions, masked, revealLogProbs, ends } = this.page;
    const { schedule } = this.run;
    const random = this.random.split("step", this.turn);
    const rowRandom: RowRandom = { uniform: (position, purpose) => random.split(purpose).uniform(position) };
    return {
      ids,
      editable,
      masked,
      editablePositions,
      step,
      steps: steps === "until-done" ? undefined : steps,
      ...timesOf(steps, step, schedule, masked.length / editablePositions.length),
      schedule,
      revealLogProbs,
      random: rowRandom,
      ends,
    };
  }

  /** @throws DiffusionError `SAMPLER_INVALID` for positions that are not this row's, or not ascending */
  assertRequest(positions: Int32Array): void {
    const seq = this.page.ids.length;
    for (let index = 0; index < positions.length; index++) {
      const position = positions[index];
      if (position > (index === 0 ? -1 : positions[index - 1]) && position < seq) continue;
      throw this.invalid(`requests in [0, ${seq}), ascending, got position ${position}`);
    }
  }

  /** Numbers for the token draws of this step at `positions`. */
  tokenUniforms(positions: Int32Array, round = 0): Float64Array {
    const step = this.random.split("step", this.turn, "token");
    const random = round === 0 ? step : step.split("again", round);
    return Float64Array.from(positions, (position) => random.uniform(position));
  }

  /**
   * Writes a decision onto the page and goes one step further.
   *
   * @param redraw - draws again at some masked positions, from the same prediction, what they may take now
   * @throws DiffusionError `SAMPLER_INVALID`, `LOCK_VIOLATED`, `CONSTRAINT_INVALID`
   */
  async apply(decision: SamplerDecision, draws: RowDraws, redraw: Redraw): Promise<RowChanges> {
    const { page } = this;
    const before = page.ids.slice();
    const changes = { revealed: [], remasked: [], confirmed: [] } as Record<
      "revealed" | "remasked" | "confirmed",
      PositionChange[]
    >;
    const changeAt = (position: number): PositionChange => {
      return { row: this.row, position, from: before[position], to: page.ids[position] };
    };
    const commit = (index: number, from: RowDraws): boolean => {
      const [position, token] = [from.positions[index], from.tokens[index]];
      if (!page.permits(position, token)) {
        throw this.invalid(`a token that position ${position} may take, got ${token}`);
      }
      if (!page.write(position, token, from.logProbs[index])) return false;
      const kind = token === before[position] ? "confirmed" : "revealed";
      changes[kind].push({ ...changeAt(position), ...scores(from, index) });
      return true;
    };
    this.assertDecision(decision, draws);
    for (const position of decision.remask) {
      const wasMasked = page.isMasked(position);
      page.remask(position);
      if (!wasMasked) changes.remasked.push(changeAt(position));
    }
    const refused = decision.commit.filter((index) => !commit(index, draws));
    if (refused.length > 0 && refused.length === decision.commit.length) throw this.stuck(refused.length);
    if (this.step + 1 === this.steps) {
      const positions = Int32Array.from(refused, (index) => draws.positions[index]);
      await this.settle(positions, commit, redraw);
    }
    this.assertLocks();
    const end = this.endOf(decision, refused, draws);
    this.step++;
    this.turn++;
    const left = page.masked.length;
    if (this.step === this.steps && left > 0) {
      throw this.invalid(`no mask left after the last of ${this.step} steps, got ${left}`);
    }
    const notTaken = new Set(refused);
    const taken = new Set(decision.commit.filter((index) => !notTaken.has(index)));
    const untaken = [...draws.positions.keys()].filter((index) => !taken.has(index));
    if (end === undefined) return { ...changes, untaken };
    // What the step did after the end is written over.
    const stands = ({ position }: PositionChange) => position <= end;
    const filled = page.editablePositions.filter((at) => at > end && before[at] !== page.ids[at]);
    return {
      revealed: [...changes.revealed.filter(stands), ...Array.from(filled, changeAt)],
      remasked: changes.remasked.filter(stands),
      confirmed: changes.confirmed.filter(stands),
      untaken,
    };
  }

  // --- internal ---

  /**
   * Where a row of another run goes on. On a grid of as many steps: at the same step. On another grid: at the last step
   * whose time is not below that of its masks, so that they have all the steps that the grid has left for them.
   */
  private firstStep({ steps: before, rowSteps }: RunProgress): number {
    const { steps, page, run } = this;
    if (steps === "until-done" || run.planned === before) return rowSteps[this.row];
    const masked = page.masked.length;
    if (masked === 0) return steps;
    const { t } = timesOf("until-done", 0, run.schedule, masked / page.editablePositions.length);
    const atTime = Math.floor(steps * (1 - t) + 1e-9); // a step met up to rounding is met
    return Math.min(steps - 1, Math.max(0, atTime));
  }

  /** In the last step what was refused is drawn again until it stands: each round at least one token does. */
  private async settle(
    refused: Int32Array,
    commit: (index: number, draws: RowDraws) => boolean,
    redraw: Redraw,
  ): Promise<void> {
    const isOpen = (position: number) => this.page.isMasked(position);
    let open = refused.filter(isOpen).sort();
    for (let round = 1; open.length > 0; round++) {
      const draws = await redraw(open, round);
      for (const index of open.keys()) commit(index, draws);
      const left = open.filter(isOpen);
      if (left.length === open.length) throw this.stuck(left.length);
      open = left;
    }
  }

  /**
   * Where the decision ends the text, unless a refused token has upset it or the constraint forbids it.
   *
   * @throws DiffusionError `SAMPLER_INVALID` where no text ends
   */
  private endOf({ end }: SamplerDecision, refused: readonly number[], draws: RowDraws): number | undefined {
    if (end === undefined || refused.some((index) => draws.positions[index] <= end)) return undefined;
    const { page } = this;
    if (!page.mayEndAt(end)) {
      throw this.invalid(
        `an end at an editable position with a token of \`row.ends\` on or after its first position, got token ${page.ids[end]} at position ${end}`,
      );
    }
    const open = page.masked[0];
    if (open < end) throw this.invalid(`no mask before the end at position ${end}, got one at ${open}`);
    this.ended = page.endAt(end);
    return this.ended ? end : undefined;
  }

  private assertDecision({ commit, remask }: SamplerDecision, draws: RowDraws): void {
    const touched = new Set<number>();
    for (const position of [...remask, ...commit.map((index) => draws.positions[index])]) {
      if (position === undefined || this.page.editable[position] !== 1) {
        throw this.violated(
          `writes at editable positions only, got position ${position} in step ${this.step}`,
          "Return indices into the draws in `commit`, and positions of `row.editablePositions` in `remask`",
        );
      }
      if (touched.has(position)) {
        throw this.invalid(`one decision for each position, got two for position ${position}`);
      }
      touched.add(position);
    }
    if (this.steps === "until-done" && commit.length === 0) {
      throw this.invalid(
        "at least one committed token in each step of a sampler that runs until done, got none",
      );
    }
  }

  /** A sampler is shown the row itself: what it must not write it may still have written. */
  private assertLocks(): void {
    const { ids, given } = this.page;
    const broken = this.page.brokenLock();
    if (broken === undefined) return;
    throw this.violated(
      `locked tokens to stay, got ${ids[broken]} for ${given[broken]} at position ${broken} of row ${this.row} in step ${this.step}`,
      "A sampler must not write into the arrays that it is shown",
    );
  }

  private assertSteps(): void {
    const { steps } = this;
    if (steps === "until-done" || (Number.isSafeInteger(steps) && steps > 0)) return;
    if (steps === 0 && this.page.editablePositions.length === 0) return;
    throw this.broken(
      "SAMPLER_INVALID",
      `a positive whole number of steps or "until-done", got ${steps}`,
      "Correct the sampler's steps",
    );
  }

  private invalid(expectedAndGot: string): DiffusionError {
    return this.broken(
      "SAMPLER_INVALID",
      `${expectedAndGot} (row ${this.row}, step ${this.step})`,
      "The sampler breaks its contract: run samplerLaws of @textdiffusion/testkit on it",
    );
  }

  private violated(expectedAndGot: string, remedy: string): DiffusionError {
    return this.broken("LOCK_VIOLATED", expectedAndGot, remedy);
  }

  private broken(code: ErrorCode, expectedAndGot: string, remedy: string): DiffusionError {
    const component = whoMade(this.run.sampler, "samplers");
    return new DiffusionError({ code, component, problem: `expected ${expectedAndGot}`, remedy });
  }

  private stuck(refused: number): DiffusionError {
    return new DiffusionError({
      code: "CONSTRAINT_INVALID",
      component: "core/loop",
      problem: `expected a constraint to let one of its own candidates stand, got ${refused} refused (row ${this.row}, step ${this.step})`,
      remedy: "The constraint breaks its contract: run constraintLaws of @textdiffusion/testkit on it",
    });
  }
}

function scores(draws: RowDraws, index: number) {
  return { logProb: draws.logProbs[index], entropy: draws.entropy[index], margin: draws.margin[index] };
}
