import type { RowConstraint } from "../contracts/constraint.js";
import { permits, type TokenRestriction } from "../contracts/token-restriction.js";
import type { Canvas } from "../values/canvas.js";
import type { RowRestrictions } from "./row-restrictions.js";
import type { RunSettings } from "./run-settings.js";

/** The page of one row: what stands on it, what may be written where, and where its text may end. */
export class RowPage {
  readonly ids: Int32Array;
  readonly attentionMask: Uint8Array;
  readonly editable: Uint8Array;
  readonly editablePositions: Int32Array;
  readonly revealLogProbs: Float64Array;
  /** See `SamplerRow.ends`. */
  readonly ends: ReadonlyMap<number, number>;
  /** The tokens at the start: what locked positions must keep. */
  readonly given: Int32Array;
  private readonly maskTokenId: number;
  private readonly restrictions: RowRestrictions | undefined;
  private readonly constraint: RowConstraint | undefined;

  constructor(row: number, canvas: Canvas, run: RunSettings) {
    const from = row * canvas.seq;
    this.ids = canvas.ids.slice(from, from + canvas.seq);
    this.given = this.ids.slice();
    this.attentionMask = canvas.attentionMask.slice(from, from + canvas.seq);
    this.editable = canvas.editable.slice(from, from + canvas.seq);
    this.editablePositions = Int32Array.from(this.ids.keys()).filter((at) => this.editable[at] === 1);
    this.revealLogProbs =
      run.progress?.revealLogProbs.slice(from, from + canvas.seq) ??
      new Float64Array(canvas.seq).fill(Number.NaN);
    this.maskTokenId = run.maskTokenId;
    this.restrictions = run.restrictions[row];
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
  }

  /** Positions that still hold `[MASK]`, ascending. */
  get masked(): Int32Array {
    return this.editablePositions.filter((position) => this.isMasked(position));
  }

  isMasked(position: number): boolean {
    return this.ids[position] === this.maskTokenId;
  }

  /** What draws may take at `positions`; undefined where no position of the row is restricted. */
  restrictionsAt(positions: Int32Array): readonly (TokenRestriction | undefined)[] | undefined {
    const given = (position: number) => this.restrictions?.[position];
    if (this.constraint === undefined) return this.restrictions && Array.from(positions, given);
    const candidates = this.constraint.candidates(this.ids, positions);
    return candidates.map((restriction, index) => restriction ?? given(positions[index]));
  }

  /** Whether the request allows a token at a position, whatever else stands on the page. */
  permits(position: number, token: number): boolean {
    return permits(this.restrictions?.[position], token);
  }

  /** Writes a token unless that would leave no way to meet the constraint. @returns whether it was written */
  write(position: number, token: number, logProb: number): boolean {
    const stood = this.ids[position];
    this.ids[position] = token;
    if (token === stood || this.constraint === undefined || this.constraint.completable(this.ids)) {
      this.revealLogProbs[position] = logProb;
      return true;
    }
    this.ids[position] = stood;
    return false;
  }

  remask(position: number): void {
    this.ids[position] = this.maskTokenId;
    this.revealLogProbs[position] = Number.NaN;
  }

  /** Whether the token that stands at a position would end the text there. */
  mayEndAt(position: number): boolean {
    const first = this.ends.get(this.ids[position]);
    return this.editable[position] === 1 && first !== undefined && position >= first;
  }

  /** Ends the text: what comes after `position` takes its token, unless the constraint forbids that. @returns whether it did */
  endAt(position: number): boolean {
    const token = this.ids[position];
    const after = this.editablePositions.filter((at) => at > position);
    const filled = this.ids.slice();
    for (const at of after) filled[at] = token;
    if (this.constraint?.completable(filled) === false) return false;
    this.ids.set(filled);
    for (const at of after) this.revealLogProbs[at] = Number.NaN;
    return true;
  }

  /** A position that is not editable and holds another token than at the start; undefined where there is none. */
  brokenLock(): number | undefined {
    const changed = this.ids.findIndex((id, at) => this.editable[at] === 0 && id !== this.given[at]);
    return changed < 0 ? undefined : changed;
  }

  // --- internal ---

  /** The first position where `token` would end the row: what stands after it is editable, the same token, or padding. */
  private firstEnd(token: number): number {
    let position = this.ids.length - 1;
    const mayFollow = (at: number) =>
      this.editable[at] === 1
        ? this.permits(at, token)
        : this.attentionMask[at] === 0 || this.ids[at] === token;
    while (position > 0 && mayFollow(position)) position--;
    return position;
  }
}
