import type { CallbackSaid, TrainingEvent } from "./training-events.js";

/** What a callback is told: all that happens, but not what callbacks say. */
export type WatchedEvent = Exclude<TrainingEvent, CallbackSaid>;

/** What a callback asks of the run. It is done after all events of the step were told. */
export interface CallbackAnswer {
  /** Ends the run after this step, with a checkpoint. */
  readonly stop?: boolean;
  /** Saves a checkpoint of this step, where there is none yet and checkpoints are kept. */
  readonly save?: boolean;
  /**
   * Validates, where there is held-out text and this step was not validated yet. The run tells of it, and judges by its own
   * validations as before: the best weights and early stopping are not changed.
   */
  readonly validate?: boolean;
  /** Something for who watches the run; may have several lines. */
  readonly say?: string;
}

/** The run that a callback watches. */
export interface WatchedRun {
  /** Aborted when somebody wants the run to end: leave what takes long. An `ABORTED` thrown from then on is no failure. */
  readonly signal: AbortSignal;
  /** Where the run keeps its files; files of a callback belong there, too. None: nothing is written. */
  readonly folder?: string;
  /**
   * Texts that the model writes as it is now, with averaged weights where the run has them. None where only the learner
   * is known.
   *
   * @returns a text a prompt, the prompt included
   */
  readonly generate?: (request: {
    readonly prompts: readonly string[];
    /** Tokens of a text, prompt included. Default: as long as the rows of the training. */
    readonly length?: number;
    readonly seed?: number;
  }) => Promise<readonly string[]>;
}

/**
 * Watches a training run, and may ask it to stop, to save or to validate now. It changes no number of the run: weights and
 * losses are those of a run without it, and a run may be resumed with others.
 *
 * Laws (testkit `callbackLaws`): answers have known keys; events are left alone; the same events get the same answers from a
 * second one; a resumed run is watched, too; what a run lacks is an error that says so; after an abort it answers.
 */
export interface Callback {
  readonly name: string;
  /**
   * Told every event as it happens, every step among them whatever is logged; the run waits for the answer. What it throws ends
   * the run: a checkpoint of the step is saved first.
   */
  onEvent(event: WatchedEvent, run: WatchedRun): Answer | Promise<Answer>;
}

// biome-ignore lint/suspicious/noConfusingVoidType: most callbacks have nothing to answer, and no return statement.
type Answer = CallbackAnswer | undefined | void;
