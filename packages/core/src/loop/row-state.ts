import type { NoiseSchedule } from "../contracts/noise-schedule.js";
import type { RowDraws, Sampler, SamplerDecision, SamplerRow } from "../contracts/sampler.js";
import { DiffusionError } from "../errors/diffusion-error.js";
import type { Random, RowRandom } from "../random/random.js";
import type { Canvas } from "../values/canvas.js";
import type { PositionChange } from "./events.js";
import type { RunProgress } from "./generation-state.js";

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
  /** Steps of the sampler that are done: where the row stands on its grid. */
  step: number;
  /** Steps of the run that are done: they key the randomness, so that a fork onto another grid draws no number twice. */
  private turn: number;
  private readonly wasDone: boolean;
  private readonly editablePositions: Int32Array;
  private readonly random: Random;

  constructor(
    readonly row: number,
    canvas: Canvas,
    random: Random,
    private readonly maskTokenId: number,
    private readonly sampler: Sampler,
    private readonly schedule: NoiseSchedule,
    progress: RunProgress | undefined,
  ) {
    const from = row * canvas.seq;
    this.ids = canvas.ids.slice(from, from + canvas.seq);
    this.attentionMask = canvas.attentionMask.slice(from, from + canvas.seq);
    this.editable = canvas.editable.slice(from, from + canvas.seq);
    this.editablePositions = positionsWhere(canvas.seq, (position) => this.editable[position] === 1);
    this.revealLogProbs =
      progress?.revealLogProbs.slice(from, from + canvas.seq) ??
      new Float64Array(canvas.seq).fill(Number.NaN);
    this.random = random.split("row", canvas.rowKeys?.[row] ?? row);
    this.wasDone = progress?.doneRows.includes(row) ?? false;
    this.turn = progress?.step ?? 0;
    this.step = progress === undefined ? 0 : this.firstStep(progress);
  }

  get masked(): Int32Array {
    return this.editablePositions.filter((position) => this.ids[position] === this.maskTokenId);
  }

  /** A row is done when its steps are used up, or when nothing is masked and nothing could be revised. */
  get done(): boolean {
    const { steps, revises } = this.sampler;
    if (this.wasDone || this.editablePositions.length === 0 || this.step === steps) return true;
    return (steps === "until-done" || !revises) && this.masked.length === 0;
  }

  /** The row as the sampler sees it, before the step that comes next. */
  view(): SamplerRow {
    const masked = this.masked;
    const { steps } = this.sampler;
    const grid = typeof steps === "number";
    const random = this.random.split("step", this.turn);
    const rowRandom: RowRandom = { uniform: (position, purpose) => random.split(purpose).uniform(position) };
    return {
      ids: this.ids,
      editable: this.editable,
      masked,
      editablePositions: this.editablePositions,
      step: this.step,
      steps: grid ? steps : undefined,
      t: grid ? 1 - this.step / steps : this.timeOf(masked.length),
      s: grid ? 1 - (this.step + 1) / steps : 0,
      schedule: this.schedule,
      revealLogProbs: this.revealLogProbs,
      random: rowRandom,
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

  /** Numbers for the token draws of this step at `positions`. */
  tokenUniforms(positions: Int32Array): Float64Array {
    const random = this.random.split("step", this.turn, "token");
    return Float64Array.from(positions, (position) => random.uniform(position));
  }

  /** Writes a decision onto the row and goes one step further. @throws DiffusionError `SAMPLER_INVALID`. */
  apply(decision: SamplerDecision, draws: RowDraws): RowChanges {
    const before = this.ids.slice();
    const touched = new Set<number>();
    const revealed: PositionChange[] = [];
    const remasked: PositionChange[] = [];
    const confirmed: PositionChange[] = [];
    for (const index of decision.commit) {
      const position = draws.positions[index];
      const token = draws.tokens[index];
      this.assertWritable(position, touched);
      this.ids[position] = token;
      this.revealLogProbs[position] = draws.logProbs[index];
      const change = { ...this.change(position, before, token), ...scores(draws, index) };
      (token === before[position] ? confirmed : revealed).push(change);
    }
    for (const position of decision.remask) {
      this.assertWritable(position, touched);
      this.ids[position] = this.maskTokenId;
      this.revealLogProbs[position] = Number.NaN;
      if (before[position] !== this.maskTokenId)
        remasked.push(this.change(position, before, this.maskTokenId));
    }
    if (this.sampler.steps === "until-done" && decision.commit.length === 0) {
      throw this.invalid(
        "at least one committed token in each step of a sampler that runs until done, got none",
      );
    }
    this.step++;
    this.turn++;
    if (this.step === this.sampler.steps && this.masked.length > 0) {
      throw this.invalid(`no mask left after the last of ${this.step} steps, got ${this.masked.length}`);
    }
    const taken = new Set(decision.commit);
    const untaken = [...draws.positions.keys()].filter((index) => !taken.has(index));
    return { revealed, remasked, confirmed, untaken };
  }

  // --- internal ---

  /** The time at which noise would have masked as much as is masked. */
  private timeOf(masked: number): number {
    return this.schedule.timeAt(1 - masked / this.editablePositions.length);
  }

  /**
   * Where a row of another run goes on. On a grid of as many steps: at the same step. On another grid: at the last step
   * whose time is not below that of its masks, so that they have all the steps that the grid has left for them.
   */
  private firstStep({ steps: before, rowSteps }: RunProgress): number {
    const { steps } = this.sampler;
    if (steps === "until-done" || steps === before) return rowSteps[this.row];
    const masked = this.masked.length;
    if (masked === 0) return steps;
    const atTime = Math.floor(steps * (1 - this.timeOf(masked)) + 1e-9); // a step met up to rounding is met
    return Math.min(steps - 1, Math.max(0, atTime));
  }

  private change(position: number, before: Int32Array, to: number): PositionChange {
    return { row: this.row, position, from: before[position], to };
  }

  private assertWritable(position: number, touched: Set<number>): void {
    if (position === undefined || this.editable[position] !== 1) {
      throw new DiffusionError({
        code: "LOCK_VIOLATED",
        component: `samplers/${this.sampler.name}`,
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
      component: `samplers/${this.sampler.name}`,
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
