import { DiffusionError } from "../errors/diffusion-error.js";
import type { Canvas } from "../values/canvas.js";
import type { GenerationEvent, GenerationStarted, StepFinished } from "./events.js";

/** How far a run has come, besides what stands on its page. */
export interface RunProgress {
  /** Steps done, which is the index of the next one; it keys the randomness of that step. */
  readonly step: number;
  /** Steps of the grid on which `rowSteps` counts, or undefined for a sampler that runs until nothing is masked. */
  readonly steps: number | undefined;
  /** Steps of the sampler that each row has done; shape [batch]. */
  readonly rowSteps: Int32Array;
  /** Rows that were done, ascending: they stay as they are, whatever sampler goes on. */
  readonly doneRows: readonly number[];
  /** See `SamplerRow.revealLogProbs`; shape [batch, seq]. */
  readonly revealLogProbs: Float64Array;
  readonly forwards: number;
  readonly rowForwards: number;
}

/**
 * A run between two steps: all that its rest depends on, besides denoiser, sampler, schedule and seed. Spread into
 * `reverseLoop`'s options it goes on from here; with the same four it gives the rest of the run token for token.
 */
export interface GenerationState {
  /** The page as it stands. */
  readonly canvas: Canvas;
  readonly progress: RunProgress;
}

/**
 * The state after an event, given the state before it; "finished" changes nothing. States are never written to once
 * returned.
 *
 * @param state - undefined before "started"
 * @throws DiffusionError `TRACE_INVALID` for events that do not follow from each other
 */
export function stateAfter(state: GenerationState | undefined, event: GenerationEvent): GenerationState {
  if (event.kind === "started") {
    if (state !== undefined) throw outOfOrder('one "started", before all else', 'a second "started"');
    return stateAtStart(event);
  }
  if (state === undefined) throw outOfOrder('"started" as the first event', `"${event.kind}"`);
  return event.kind === "step" ? afterStep(state, event) : state;
}

/**
 * The state after the first `step` steps of a run, rebuilt from its events alone. Reads no more of them than it needs.
 *
 * @param step - from the first event's `step` (0, or that of the fork) to the number of steps done
 * @throws DiffusionError `TRACE_INVALID` when the run has no such step or its events do not follow from each other
 */
export async function stateAtStep(
  events: AsyncIterable<GenerationEvent> | Iterable<GenerationEvent>,
  step: number,
): Promise<GenerationState> {
  let state: GenerationState | undefined;
  let first = 0;
  for await (const event of events) {
    state = stateAfter(state, event);
    if (event.kind === "started") first = event.step;
    if (state.progress.step === step) return state;
  }
  const last = state?.progress.step;
  throw new DiffusionError({
    code: "TRACE_INVALID",
    component: "core/state",
    problem: `expected a step from ${first} to ${last ?? first}, which the run has, got ${step}`,
    remedy: "Choose a step within the run",
    details: { step, first, last },
  });
}

/** @throws DiffusionError `SHAPE_MISMATCH` for progress that does not belong to the canvas */
export function assertProgress({ rowSteps, revealLogProbs }: RunProgress, { batch, seq }: Canvas): void {
  for (const [name, got, expected] of [
    ["rowSteps", rowSteps.length, batch],
    ["revealLogProbs", revealLogProbs.length, batch * seq],
  ] as const) {
    if (got === expected) continue;
    throw new DiffusionError({
      code: "SHAPE_MISMATCH",
      component: "core/state",
      problem: `expected ${expected} ${name} for a page of [${batch}, ${seq}], got ${got}`,
      remedy: "Take canvas and progress from one state",
    });
  }
}

// --- internal ---

function stateAtStart(started: GenerationStarted): GenerationState {
  const { batch, seq, ids, attentionMask, editable, restrictions, rowKeys } = started;
  const { step, steps, rowSteps, doneRows, revealLogProbs, forwards, rowForwards } = started;
  return {
    canvas: { batch, seq, ids, attentionMask, editable, restrictions, rowKeys },
    progress: { step, steps, rowSteps, doneRows, revealLogProbs, forwards, rowForwards },
  };
}

function afterStep({ canvas, progress }: GenerationState, event: StepFinished): GenerationState {
  if (event.step !== progress.step) throw outOfOrder(`step ${progress.step}`, `step ${event.step}`);
  const ids = canvas.ids.slice();
  const revealLogProbs = progress.revealLogProbs.slice();
  for (const changes of [event.revealed, event.confirmed, event.remasked]) {
    for (const { row, position, from, to, logProb } of changes) {
      const index = row * canvas.seq + position;
      if (canvas.ids[index] !== from) {
        throw outOfOrder(
          `token ${canvas.ids[index]} to change in row ${row} at position ${position} in step ${event.step}`,
          `a change of ${from}`,
        );
      }
      ids[index] = to;
      revealLogProbs[index] = changes === event.remasked ? Number.NaN : (logProb ?? Number.NaN);
    }
  }
  const wasDone = new Set(progress.doneRows);
  return {
    canvas: { ...canvas, ids },
    progress: {
      step: progress.step + 1,
      steps: progress.steps,
      rowSteps: progress.rowSteps.map((steps, row) => (wasDone.has(row) ? steps : steps + 1)),
      doneRows: [...progress.doneRows, ...event.finishedRows].sort((a, b) => a - b),
      revealLogProbs,
      forwards: event.forwards,
      rowForwards: event.rowForwards,
    },
  };
}

function outOfOrder(expected: string, got: string): DiffusionError {
  return new DiffusionError({
    code: "TRACE_INVALID",
    component: "core/state",
    problem: `expected ${expected}, got ${got}`,
    remedy: "Pass the events of one run, all of them and in their order",
  });
}
