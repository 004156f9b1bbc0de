import {
  candidatesAt,
  type Denoiser,
  type GenerationEvent,
  type GenerationState,
  type NoiseSchedule,
  stateAfter,
  type Tokenizer,
  type TraceHeader,
} from "@textdiffusion/core";
import { joinRecordings, type Recording, tokenCells } from "@textdiffusion/render";
import type { Onward } from "../compare/write-runs.js";
import { applyEdits } from "./apply-edits.js";
import type { Continuation, Inspection, InspectOrder, LocksReport } from "./messages.js";

/** What the model is asked with. */
export interface AskedModel {
  readonly tokenizer: Tokenizer;
  readonly denoiser: Denoiser;
  readonly schedule: NoiseSchedule;
}

/** The run that is shown: the state after each of its frames, from any of which it can go on. */
export class EditableRun {
  private states: GenerationState[] = [];
  /** All that is shown. */
  recording: Recording | undefined;
  private locks: LocksReport["from"] = [];
  /** First frame of each run that is shown, and its header. */
  private headers: { readonly frame: number; readonly header: TraceHeader }[] = [];
  private began = 0;
  /** What the events that come belong to. */
  private coming: { readonly before?: Recording; readonly from?: Continuation; state?: GenerationState } = {};

  /** The next events are those of a new run. */
  begin(): undefined {
    this.coming = {};
  }

  /** The next events are those of the run that goes on from here. @throws DiffusionError of edits that cannot be */
  goOn(from: Continuation, tokenizer: Tokenizer): Onward {
    this.coming = { before: this.recording, from };
    const state = this.stateAt(from.frame);
    const header = this.headers.findLast(({ frame }) => frame <= from.frame)?.header;
    return {
      from: applyEdits(state, from.edits, tokenizer),
      ...(header && { parent: { header, step: state.progress.step } }),
    };
  }

  /** The trace of the run whose events came begins with this. */
  wrote(header: TraceHeader): void {
    if (this.recording === undefined || this.coming.state === undefined) return;
    this.headers.push({ frame: this.began, header });
  }

  /** Nothing is shown that could go on, as after a change of model. */
  clear(): void {
    this.states = [];
    this.recording = undefined;
  }

  /** @returns all that is to be shown after an event, what came before the run went on included */
  follow(event: GenerationEvent, run: Recording): Recording {
    const { before, from } = this.coming;
    const state = stateAfter(this.coming.state, event);
    this.coming.state = state;
    const shown = before && from ? joinRecordings(before, from.frame, run) : run;
    if (event.kind === "started") this.start(shown, state);
    this.states[shown.frames.length] = from?.edits.rewritten.length ? this.reopened(state) : state;
    this.recording = shown;
    return shown;
  }

  lockReport(): LocksReport {
    return { kind: "locks", from: this.locks };
  }

  /** What the model would write at a position, or thought when it wrote what stands there. One forward. */
  async inspect({ frame, position }: InspectOrder, model: AskedModel): Promise<Inspection> {
    const { tokenizer } = model;
    const { mask } = tokenizer.special;
    const state = this.stateAt(frame);
    const idAt = (at: number) => this.stateAt(at).canvas.ids[position];
    const token = idAt(frame);
    const isLocked = this.locksAt(frame).includes(position);
    const isGiven = state.canvas.editable[position] === 0 && !isLocked;
    let since = frame;
    while (since > 0 && idAt(since - 1) === token) since--;
    const isWritten = token !== mask && !isLocked && !isGiven && since > 0;
    const asked = isWritten ? this.stateAt(since - 1) : state;
    const { entropy, candidates } = await candidatesAt({
      ...model,
      state: asked,
      place: { row: 0, position },
      maskTokenId: mask,
      suppressed: tokenizer.specialIds,
    });
    const left = position === 0 ? [] : [state.canvas.ids[position - 1]];
    const textOf = (id: number) =>
      tokenCells(tokenizer, Int32Array.from([...left, id]), new Uint8Array(left.length + 1).fill(1)).at(-1) ??
      "";
    return {
      kind: "inspected",
      frame,
      position,
      token,
      isGiven,
      isLocked,
      ...(isWritten && { writtenIn: since }),
      entropy,
      candidates: candidates.map((each) => ({ ...each, text: textOf(each.token) })),
    };
  }

  // --- internal ---

  private stateAt(frame: number): GenerationState {
    return this.states[Math.min(frame, this.states.length - 1)];
  }

  private locksAt(frame: number): readonly number[] {
    return this.locks.findLast((each) => each.frame <= frame)?.positions ?? [];
  }

  private start(shown: Recording, state: GenerationState): void {
    const { from } = this.coming;
    this.states = from ? this.states.slice(0, from.frame + 1) : [];
    this.headers = from ? this.headers.filter(({ frame }) => frame <= from.frame) : [];
    this.began = shown.frames.length;
    if (from?.edits.rewritten.length) return; // what was locked for the while is not locked
    const { ids, editable } = state.canvas;
    const positions = [...ids.keys()].filter((at) => editable[at] === 0 && shown.given[at] === 0);
    const kept = from ? this.locks.filter(({ frame }) => frame < shown.frames.length) : [];
    this.locks = [...kept, { frame: shown.frames.length, positions }];
  }

  /** While a selection is written again all else is locked; afterwards only what was locked before. */
  private reopened(state: GenerationState): GenerationState {
    const { from } = this.coming;
    const editable = this.stateAt(from?.frame ?? 0).canvas.editable.slice();
    for (const position of from?.edits.rewritten ?? []) editable[position] = 1;
    return { ...state, canvas: { ...state.canvas, editable } };
  }
}
