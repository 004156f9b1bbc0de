import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { startBackend } from "@textdiffusion/backend-node";
import {
  type Backend,
  type Callback,
  type CallbackAnswer,
  DiffusionError,
  type NamedArray,
  Random,
  type TrainingEvent,
  type WatchedEvent,
} from "@textdiffusion/core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { timeLimit } from "../callbacks/time-limit.js";
import { openCheckpointFolder } from "../checkpoints/checkpoint-folder.js";
import { createTinyCollator, createTinyRows, noise } from "../fixtures/tiny-data.js";
import { createTinyModel } from "../fixtures/tiny-model.js";
import { createLearner } from "../learner/learner.js";
import { progressLine } from "./progress-line.js";
import { type TrainingRun, train } from "./train.js";

const root = mkdtempSync(join(tmpdir(), "textdiffusion-callbacks-"));
const open: { dispose(): void }[] = [];
let backend: Backend;
beforeAll(async () => {
  backend = await startBackend("cpu");
});
afterEach(() => {
  for (const resource of open.reverse().splice(0)) resource.dispose();
});
afterAll(async () => {
  await backend.dispose();
  rmSync(root, { recursive: true, force: true });
});

const options = { steps: 8, batchSize: 4, learningRate: 0.03, saveEvery: 3, evaluateEvery: 4 };
const validation = [
  noise(createTinyRows({ seed: 8 }).rowsAt(0, 8), (row) => (row + 0.5) / 8, Random.fromSeed(2)),
];

function newRun(changes: Partial<TrainingRun> = {}): TrainingRun {
  const model = createTinyModel({ dropoutRate: 0.2 });
  const learner = createLearner(model);
  open.push(model, learner);
  return { learner, collator: createTinyCollator(), rows: createTinyRows(), options, ...changes };
}

const checkpointsIn = (folder: string) => openCheckpointFolder(folder, { saveModel: async () => undefined });
const newStore = () => checkpointsIn(mkdtempSync(join(root, "run-")));
const spoken = (events: readonly TrainingEvent[]) => events.map(({ kind, step }) => `${kind} ${step}`);
const bits = (state: Readonly<Record<string, NamedArray>>) =>
  Object.fromEntries(Object.entries(state).map(([name, { data }]) => [name, new Uint32Array(data.buffer)]));

async function eventsOf(run: TrainingRun): Promise<TrainingEvent[]> {
  const events: TrainingEvent[] = [];
  for await (const event of train(run)) events.push(event);
  return events;
}

/** Notes what it is told, and answers what the test says. */
function watcher(
  answer: (event: WatchedEvent) => CallbackAnswer | undefined = () => undefined,
  name = "watcher",
): Callback & { readonly told: WatchedEvent[] } {
  const told: WatchedEvent[] = [];
  return {
    name,
    told,
    onEvent: async (event) => {
      told.push(event);
      return answer(event);
    },
  };
}

describe("callbacks", () => {
  it("are told every event after the consumer, every step among them, one after the other", async () => {
    const order: string[] = [];
    const slow = (name: string): Callback => ({
      name,
      onEvent: async ({ kind, step }) => {
        order.push(`${name} ${kind} ${step}`);
        await setTimeout(1);
        order.push(`${name} answers`);
      },
    });
    const run = newRun({ callbacks: [slow("a"), slow("b")], options: { ...options, steps: 3, logEvery: 3 } });
    for await (const { kind, step } of train(run)) order.push(`consumer ${kind} ${step}`);
    const asked = (event: string) => ["a", "b"].flatMap((name) => [`${name} ${event}`, `${name} answers`]);
    expect(order).toEqual([
      ...["consumer started 0", ...asked("started 0")],
      ...["consumer step 1", ...asked("step 1")],
      ...asked("step 2"),
      ...["consumer step 3", ...asked("step 3")],
      ...["consumer finished 3", ...asked("finished 3")],
    ]);
  });

  it("change no number of the run, whatever they ask for but an end", async () => {
    const asking = watcher(() => ({ save: true, validate: true, say: "again" }));
    const settings = {
      validation,
      options: { ...options, result: "best", earlyStopping: { patience: 3 } },
    } as const;
    const [with_, without] = [
      newRun({ ...settings, checkpoints: await newStore(), callbacks: [asking] }),
      newRun({ ...settings, checkpoints: await newStore() }),
    ];
    const [watched, plain] = [await eventsOf(with_), await eventsOf(without)];
    expect(bits(await with_.learner.state())).toEqual(bits(await without.learner.state()));
    const losses = (events: readonly TrainingEvent[]) =>
      events.flatMap((event) => (event.kind === "step" ? [event.lossNats] : []));
    expect(losses(watched)).toEqual(losses(plain));
    const judged = (events: readonly TrainingEvent[]) =>
      events.flatMap((event) => (event.kind === "best" ? [[event.step, event.boundNats]] : []));
    expect(judged(watched)).toEqual(judged(plain));
    // Each step is saved and validated once, although every event asked for it.
    for (const kind of ["checkpoint", "validation"]) {
      const steps = watched.filter((event) => event.kind === kind).map(({ step }) => step);
      expect(steps).toEqual([...(kind === "validation" ? [0] : []), 1, 2, 3, 4, 5, 6, 7, 8]);
    }
    for (const event of watched) expect(progressLine(event)).toMatch(/^[^\n]+$/);
  });

  it("can do without a store and held-out text to save and validate with", async () => {
    const asking = watcher(() => ({ save: true, validate: true }));
    expect(
      spoken(await eventsOf(newRun({ callbacks: [asking], options: { ...options, steps: 1 } }))),
    ).toEqual(["started 0", "step 1", "finished 1"]);
  });

  it("stop the run after the step, with a checkpoint; resumed without them it ends as if never stopped", async () => {
    const checkpoints = await newStore();
    const stopping = watcher((event) =>
      event.kind === "step" && event.step === 5 ? { stop: true } : undefined,
    );
    const events = await eventsOf(newRun({ checkpoints, callbacks: [stopping, watcher()] }));
    expect(spoken(events).slice(-3)).toEqual(["step 5", "checkpoint 5", "finished 5"]);
    expect(events.at(-1)).toMatchObject({ reason: "stopped", stoppedBy: "watcher" });
    expect(progressLine(events.at(-1) as TrainingEvent)).toContain("stopped by watcher after step 5 of 8");

    const seen = watcher();
    const resumed = newRun({ checkpoints, resume: true, callbacks: [seen] });
    await eventsOf(resumed);
    expect(spoken(seen.told).slice(0, 2)).toEqual(["started 5", "step 6"]);
    const whole = newRun();
    await eventsOf(whole);
    expect(bits(await resumed.learner.state())).toEqual(bits(await whole.learner.state()));
  });

  it("may stop before the first step; a run that was at its end anyway is completed", async () => {
    const atOnce = await eventsOf(newRun({ callbacks: [watcher(() => ({ stop: true }))] }));
    expect(spoken(atOnce)).toEqual(["started 0", "finished 0"]);
    const last = (await eventsOf(newRun({ callbacks: [watcher(({ step }) => ({ stop: step === 8 }))] }))).at(
      -1,
    );
    expect(last).toMatchObject({ kind: "finished", reason: "completed", step: 8, steps: 8 });
  });

  it("that throw end the run with an error that names them, once all of the step is done and saved", async () => {
    const settings = { validation, options: { ...options, result: "best" } } as const;
    const checkpoints = await newStore();
    const failing = (error: unknown) =>
      watcher((event) => {
        if (event.kind === "step" && event.step === 4) throw error;
        return undefined;
      }, "logger");
    const notTold = watcher();
    const events: TrainingEvent[] = [];
    const failed = (async () => {
      const run = newRun({
        ...settings,
        checkpoints,
        callbacks: [failing(new TypeError("x is not a function")), notTold],
      });
      for await (const event of train(run)) events.push(event);
    })();
    await expect(failed).rejects.toMatchObject({
      code: "PLUGIN_FAILED",
      message: expect.stringMatching(/callback "logger" at step 4 \(step\).*x is not a function.*resume/),
      details: { callback: "logger", step: 4, event: "step" },
    });
    expect(spoken(events).filter((event) => event.endsWith(" 4"))).toEqual([
      "step 4",
      "validation 4",
      "best 4",
      "checkpoint 4",
    ]);
    expect(notTold.told.at(-1)).toMatchObject({ kind: "checkpoint", step: 3 });

    const ours = new DiffusionError({
      code: "FILE_NOT_WRITABLE",
      component: "logger/file",
      problem: "expected room, got none",
      remedy: "Free some",
    });
    await expect(eventsOf(newRun({ callbacks: [failing(ours)] }))).rejects.toThrow(
      /^\[logger\/file\] callback "logger" at step 4 \(step\): expected room, got none\. Free some \(FILE_NOT_WRITABLE\)/,
    );

    const resumed = newRun({ ...settings, checkpoints, resume: true });
    const whole = newRun({ ...settings, checkpoints: await newStore() });
    events.push(...(await eventsOf(resumed)));
    const judged = (all: readonly TrainingEvent[]) =>
      all.flatMap((event) => (event.kind === "best" ? [[event.step, event.boundNats]] : []));
    expect(judged(events)).toEqual(judged(await eventsOf(whole)));
    expect(bits(await resumed.learner.state())).toEqual(bits(await whole.learner.state()));
  });

  it("may leave what they do at an abort: that is no failure of theirs", async () => {
    const abort = new AbortController();
    const interrupted = watcher((event) => {
      if (event.kind !== "step" || event.step !== 2) return undefined;
      abort.abort();
      throw new DiffusionError({
        code: "ABORTED",
        component: "core/loop",
        problem: "expected to go on, got an abort",
        remedy: "Begin again",
      });
    });
    const events = await eventsOf(newRun({ callbacks: [interrupted], signal: abort.signal }));
    expect(events.at(-1)).toMatchObject({ kind: "finished", step: 2, reason: "aborted" });
  });
});

describe("time-limit", () => {
  it("stops the run at the first step that ends later, and says so", async () => {
    const limit = await timeLimit.create({ minutes: 1e-9 }, {});
    const events = await eventsOf(newRun({ callbacks: [limit], checkpoints: await newStore() }));
    expect(spoken(events)).toEqual(["started 0", "step 1", "said 1", "checkpoint 1", "finished 1"]);
    const far = await timeLimit.create({ minutes: 60 }, {});
    expect((await eventsOf(newRun({ callbacks: [far] }))).at(-1)).toMatchObject({ reason: "completed" });
  });
});
