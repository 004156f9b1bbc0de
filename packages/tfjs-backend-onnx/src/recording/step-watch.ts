import type { Entry } from "./recorded-node.js";

/**
 * Finds out where a step of training ends when nobody reads a value in it: the recording should run there, since only
 * then is each step the same graph.
 *
 * tfjs says when a variable lets go of a value and when it takes one. A variable that takes its second value while the
 * first was never computed shows that the steps repeat; the assignment just before was the last of a step. The mark is
 * handed on from each value of that variable to the next.
 */
export class StepWatch {
  #lastAssigned: Entry | undefined;
  #repeats = false;
  #passesOn = false;
  #ended = false;

  /** Whether variables took values that are not computed, since the last run. */
  get updated(): boolean {
    return this.#lastAssigned !== undefined;
  }

  /** Whether a step has ended just now. */
  get ended(): boolean {
    return this.#ended;
  }

  /** A variable took a value. */
  assigned(entry: Entry): void {
    if (!entry.node) return;
    entry.assigned = true;
    this.#lastAssigned = entry;
    if (!this.#passesOn) return;
    this.#passesOn = false;
    entry.endsStep = true;
    this.#ended = true;
  }

  /** Nobody refers to a value any more. */
  released(entry: Entry): void {
    if (entry.endsStep) this.#passesOn = true;
    if (!entry.assigned || !entry.node || this.#repeats || !this.#lastAssigned) return;
    this.#repeats = true;
    this.#lastAssigned.endsStep = true;
    if (this.#lastAssigned === entry) this.#passesOn = true; // one variable makes the whole step
  }

  /** Something was recorded or written, so an assignment is not under way. */
  moved(): void {
    this.#passesOn = false;
  }

  /** A step was looked at, or ran. */
  begin(): void {
    this.#ended = false;
    this.#lastAssigned = undefined;
    this.#repeats = false;
  }
}
