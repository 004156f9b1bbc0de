import {
  type Callback,
  type CallbackAnswer,
  DiffusionError,
  type WatchedEvent,
  type WatchedRun,
} from "@textdiffusion/core";

/** What a callback answered, or what it threw as an error that names it. */
export interface CallbackAnswered extends CallbackAnswer {
  readonly callback: string;
  readonly failure?: DiffusionError;
}

/** Tells one callback after the other of an event, each after the answer of the one before. The first failure is the last answer. */
export async function* askCallbacks(
  callbacks: readonly Callback[],
  event: WatchedEvent,
  run: WatchedRun,
): AsyncGenerator<CallbackAnswered, void, void> {
  for (const callback of callbacks) {
    const { name } = callback;
    try {
      yield { ...(await callback.onEvent(event, run)), callback: name };
    } catch (error) {
      if (run.signal.aborted && DiffusionError.is(error, "ABORTED")) continue;
      yield { callback: name, failure: failed(name, event, error) };
      return;
    }
  }
}

// --- internal ---

function failed(name: string, { kind, step }: WatchedEvent, error: unknown): DiffusionError {
  const where = `callback "${name}" at step ${step} (${kind})`;
  const details = { callback: name, step, event: kind };
  if (DiffusionError.is(error)) {
    const { code, component, problem, remedy } = error;
    const all = { ...error.details, ...details };
    return new DiffusionError({
      code,
      component,
      problem: `${where}: ${problem}`,
      remedy,
      details: all,
      cause: error,
    });
  }
  return new DiffusionError({
    code: "PLUGIN_FAILED",
    component: "training/callbacks",
    problem: `expected ${where} to return, got "${error instanceof Error ? error.message : String(error)}" thrown`,
    remedy: "The steps so far are saved: mend or leave out the callback, and resume",
    details,
    cause: error,
  });
}
