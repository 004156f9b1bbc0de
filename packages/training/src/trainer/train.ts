import {
  type Callback,
  type CheckpointSaved,
  type Collator,
  DiffusionError,
  type Learner,
  type LearnerReport,
  type NoisedBatch,
  Random,
  type TrainingEvent,
  type TrainingFinished,
  type ValidationFinished,
  type WatchedEvent,
  type WatchedRun,
} from "@textdiffusion/core";
import type { CheckpointStore, TrainingCheckpoint } from "../checkpoints/checkpoint-store.js";
import { assertSameRun, runConfigFrom } from "../checkpoints/run-config.js";
import { askCallbacks } from "./ask-callbacks.js";
import { isExhausted, judged } from "./best-validation.js";
import { failedStep } from "./failed-step.js";
import { learningRateAt } from "./learning-rate.js";
import type { RowSource } from "./row-source.js";
import { spikeFound } from "./spike-found.js";
import { noSteps, spikeOf, withStep } from "./spikes.js";
import { decodeTrainingOptions, type TrainingOptionsInput, trajectoryOptions } from "./training-options.js";
import { evaluate } from "./validation.js";

export interface TrainingRun {
  readonly learner: Learner;
  readonly collator: Collator;
  readonly rows: RowSource;
  readonly options: TrainingOptionsInput;
  /** Noised once, before training: see `evaluate`. None: no validation. */
  readonly validation?: readonly NoisedBatch[];
  /** None: nothing is saved. */
  readonly checkpoints?: CheckpointStore;
  /** Go on from the newest checkpoint, if there is one. Without it, a store that holds checkpoints is an error. */
  readonly resume?: boolean;
  /**
   * What decides the weights besides the options, as JSON under names of yours: the collator's options, fingerprints of
   * the data and of the first weights, the backend. A run resumes only where all of it is the same.
   */
  readonly identity?: Readonly<Record<string, unknown>>;
  /** Aborted: the run ends after the step at hand, saves, and says so in its last event. */
  readonly signal?: AbortSignal;
  /** Watch the run, in this order. They are no part of what it is: a run may be resumed with others. */
  readonly callbacks?: readonly Callback[];
  /** What callbacks get to know of the run besides its events. */
  readonly watched?: Omit<WatchedRun, "signal">;
}

/**
 * Trains, and tells each event as it happens. Nothing runs while an event is being handled, and a checkpoint of step n
 * is saved after all events of step n were handled, so what a consumer wrote down is never behind a checkpoint.
 *
 * Callbacks are told after the consumer. What one throws ends the run, once a checkpoint of the step is saved.
 *
 * Everything random is a function of the seed and the number of the step, and the rows are a function of the position:
 * training k steps, stopping and resuming gives bit for bit the weights of a run that never stopped.
 *
 * ```ts
 * for await (const event of train({ learner, collator, rows, options: { steps: 1000 } })) console.log(progressLine(event));
 * ```
 *
 * @throws DiffusionError `UNKNOWN_OPTION`, `CONFIG_INVALID`, `CHECKPOINT_INVALID` before the first step;
 *   `NOT_A_NUMBER` (which names the step, the tensor and a file with the batches), `DATA_INVALID`,
 *   `FILE_NOT_WRITABLE` from a step
 */
export async function* train(run: TrainingRun): AsyncGenerator<TrainingEvent, void, void> {
  const { learner, collator, rows, validation, checkpoints, signal, callbacks = [] } = run;
  const options = await decodeTrainingOptions(run.options);
  const { steps, batchSize, accumulate, clipNorm, earlyStopping, spikes } = options;
  if (!validation && (earlyStopping || options.result === "best")) throw nothingToJudgeBy();
  const rowsPerStep = batchSize * accumulate;
  const config = runConfigFrom({ ...run.identity, training: trajectoryOptions(options) });
  const start = performance.now();

  const resumed = await checkpointToResume(run);
  if (resumed) {
    assertSameRun(resumed.config, config);
    await learner.restore(resumed.learner);
    if (resumed.rows !== undefined) rows.restore?.(resumed.rows);
  }
  let { step, position } = resumed ?? { step: 0, position: 0 };
  let best = resumed?.best;
  // A run that wanted its last weights until now kept no model of its best validation: the best are those from here on.
  const isKept = await keepsBest();
  if (!isKept) best = undefined;
  let recent = resumed?.recent ?? noSteps;
  let savedStep = step;
  let validatedStep: number | undefined;
  const watched: WatchedRun = { signal: signal ?? new AbortController().signal, ...run.watched };
  let [asksToSave, asksToValidate] = [false, false];
  let stoppedBy: string | undefined;
  let failure: DiffusionError | undefined;
  let [tokens, learningMs] = [0, 0];
  const { parameterCount } = learner;
  const { rowCount } = rows;
  const isResumed = resumed !== undefined;
  yield* told({ kind: "started", step, steps, resumed: isResumed, parameterCount, rowCount, rowsPerStep });
  if (validation && (!resumed || !isKept) && !failure) yield* judge(validation);
  yield* asked();

  while (step < steps && !signal?.aborted && !isExhausted(best, earlyStopping) && !stoppedBy && !failure) {
    const stepStart = performance.now();
    const random = Random.fromSeed(options.seed).split("step", step);
    const progress = step / steps;
    if (collator.changesAt?.some((share) => progress >= share && (step - 1) / steps < share))
      recent = noSteps;
    const batches: NoisedBatch[] = [];
    for (let index = 0; index < accumulate; index++) {
      const taken = await rows.rowsAt(position + index * batchSize, batchSize);
      batches.push(collator.collate(taken, random.split("collate", index), progress));
    }
    const learningRate = learningRateAt(step, options);
    const spikeIn = (report: LearnerReport) =>
      spikes.action === "off" ? undefined : spikeOf({ ...report, batches }, recent, spikes);
    const maySkip = spikes.action === "skip" && !recent.skipped;
    const accept = maySkip ? (report: LearnerReport) => !spikeIn(report) : undefined;
    const measured = await learner
      .step({ batches, learningRate, clipNorm, random: random.split("dropout"), accept })
      .catch(async (error) => {
        throw await failedStep(error, { step: step + 1, learningRate, batches }, checkpoints);
      });
    const spike = spikeIn(measured);
    recent = withStep({ ...measured, batches }, recent, spikes.window, maySkip && spike !== undefined);
    step++;
    position += rowsPerStep;
    tokens += batches.reduce((sum, batch) => sum + attendedTokens(batch), 0);
    learningMs += performance.now() - stepStart;

    const last = step === steps;
    const isLogged = step === 1 || last || step % options.logEvery === 0;
    if (isLogged || callbacks.length > 0) {
      const epoch = rowCount === undefined ? undefined : position / rowCount;
      const tokensPerSecond = (tokens / learningMs) * 1000;
      const elapsedMs = performance.now() - start;
      const speed = { learningRate, tokensPerSecond, ...residentMemory(), elapsedMs };
      yield* told({ kind: "step", step, steps, epoch, ...measured, ...speed }, isLogged);
      if (isLogged) [tokens, learningMs] = [0, 0];
    }
    if (spike) {
      const action = recent.skipped ? "skip" : "report";
      yield* told(await spikeFound(spike, { step, learningRate, batches }, action, checkpoints));
    }
    if (validation && (last || step % options.evaluateEvery === 0)) yield* judge(validation);
    if (checkpoints && (last || step % options.saveEvery === 0)) yield* told(await save(checkpoints));
    yield* asked();
  }
  if (checkpoints && savedStep !== step) yield* told(await save(checkpoints));
  if (!failure)
    yield* told({ kind: "finished", step, steps, ...ending(), elapsedMs: performance.now() - start });
  if (failure) throw failure;

  function ending(): Pick<TrainingFinished, "reason" | "stoppedBy"> {
    if (step === steps) return { reason: "completed" };
    if (isExhausted(best, earlyStopping)) return { reason: "stopped" };
    return stoppedBy === undefined ? { reason: "aborted" } : { reason: "stopped", stoppedBy };
  }

  /**
   * To the consumer, then to each callback, whose wishes are noted. After a failure no callback is told any more, and the run ends
   * when all that belongs to the step is done: a resumed run must find it as it would have been.
   */
  async function* told(event: WatchedEvent, isLogged = true): AsyncGenerator<TrainingEvent, void, void> {
    if (isLogged) yield event;
    if (failure) return;
    for await (const { callback, say, ...answer } of askCallbacks(callbacks, event, watched)) {
      failure = answer.failure;
      if (say !== undefined) yield { kind: "said", step, callback, text: say };
      if (answer.stop) stoppedBy ??= callback;
      asksToSave ||= answer.save ?? false;
      asksToValidate ||= answer.validate ?? false;
    }
  }

  /** Does what callbacks asked for at this step, once. */
  async function* asked(): AsyncGenerator<TrainingEvent, void, void> {
    while (asksToSave || asksToValidate) {
      const saves = asksToSave && savedStep !== step;
      const validates = asksToValidate && validatedStep !== step;
      [asksToSave, asksToValidate] = [false, false];
      if (validation && validates) yield* told(await validate(validation));
      if (checkpoints && saves) yield* told(await save(checkpoints));
    }
  }

  /** Whether the model of the best validation is there, where it is wanted. */
  async function keepsBest(): Promise<boolean> {
    if (options.result !== "best" || best === undefined || !checkpoints) return true;
    const kept = await checkpoints.bestStep();
    return kept !== undefined && kept >= best.step; // one of a later step was kept before a kill, and comes again
  }

  /** Validates, and keeps the model when none before it was better. */
  async function* judge(batches: readonly NoisedBatch[]): AsyncGenerator<TrainingEvent, void, void> {
    const validated = await validate(batches);
    best = judged(best, validated, earlyStopping?.minDelta);
    yield* told(validated);
    if (!checkpoints || options.result !== "best" || best.step !== step) return;
    const saveStart = performance.now();
    const folder = await checkpoints.saveBest(step);
    const elapsedMs = performance.now() - saveStart;
    yield* told({ kind: "best", step, boundNats: best.boundNats, folder, elapsedMs });
  }

  async function validate(batches: readonly NoisedBatch[]): Promise<ValidationFinished> {
    const validationStart = performance.now();
    const scores = await evaluate(learner, batches);
    validatedStep = step;
    return { kind: "validation", step, ...scores, elapsedMs: performance.now() - validationStart };
  }

  async function save(store: CheckpointStore): Promise<CheckpointSaved> {
    const saveStart = performance.now();
    const checkpoint = {
      step,
      position,
      rows: rows.stateAt?.(position),
      config,
      best,
      recent: spikes.action === "off" ? undefined : recent,
      learner: await learner.state(),
    };
    const saved = await store.save(checkpoint, options.keepCheckpoints);
    savedStep = step;
    return { kind: "checkpoint", step, ...saved, elapsedMs: performance.now() - saveStart };
  }
}

// --- internal ---

async function checkpointToResume({
  checkpoints,
  resume,
}: TrainingRun): Promise<TrainingCheckpoint | undefined> {
  const latest = await checkpoints?.latest();
  if (!latest || resume) return latest;
  throw new DiffusionError({
    code: "CHECKPOINT_INVALID",
    component: "training/trainer",
    problem: `expected no checkpoints where a new run begins, got one of step ${latest.step}`,
    remedy: "Resume that run, or choose another folder",
  });
}

function nothingToJudgeBy(): DiffusionError {
  return new DiffusionError({
    code: "CONFIG_INVALID",
    component: "training/trainer",
    problem: "expected held-out text to find the best weights by, got none",
    remedy: "Hold a share of the text back (data.validationShare), or leave earlyStopping and result out",
  });
}

/** Browsers do not say. */
function residentMemory(): { residentMb?: number } {
  const bytes = globalThis.process?.memoryUsage?.().rss;
  return bytes === undefined ? {} : { residentMb: Math.round(bytes / 2 ** 20) };
}

function attendedTokens(batch: NoisedBatch): number {
  return batch.attentionMask.reduce((sum, attended) => sum + attended, 0);
}
