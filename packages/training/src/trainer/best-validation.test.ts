import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { startBackend } from "@textdiffusion/backend-node";
import { type Backend, Random, type TrainingEvent } from "@textdiffusion/core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bestModel, openCheckpointFolder } from "../checkpoints/checkpoint-folder.js";
import { createTinyCollator, createTinyRows, noise } from "../fixtures/tiny-data.js";
import { createTinyModel } from "../fixtures/tiny-model.js";
import { createLearner } from "../learner/learner.js";
import { isExhausted, judged } from "./best-validation.js";
import { train } from "./train.js";
import type { TrainingOptionsInput } from "./training-options.js";

const root = mkdtempSync(join(tmpdir(), "textdiffusion-best-"));
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

const validation = [
  noise(createTinyRows({ seed: 8 }).rowsAt(0, 8), (row) => (row + 0.5) / 8, Random.fromSeed(2)),
];

/** So high a learning rate that the bound goes up and down. */
const restless: TrainingOptionsInput = {
  steps: 60,
  batchSize: 2,
  learningRate: 0.3,
  decay: "constant",
  evaluateEvery: 2,
  saveEvery: 5,
};

/** Runs in `folder`; each saved model is its weights as JSON. */
async function run(folder: string, changes: Partial<TrainingOptionsInput>, stopAt?: number) {
  const learner = createLearner(createTinyModel());
  open.push(learner);
  const stop = new AbortController();
  const events: TrainingEvent[] = [];
  for await (const event of train({
    learner,
    collator: createTinyCollator(),
    rows: createTinyRows(),
    options: { ...restless, ...changes },
    validation,
    resume: true,
    signal: stop.signal,
    checkpoints: await openCheckpointFolder(folder, {
      saveModel: async (target) => {
        const { "parameter/head.bias": bias } = await learner.state();
        writeFileSync(join(target, "model.json"), JSON.stringify([...bias.data]));
      },
    }),
  })) {
    events.push(event);
    if (event.kind === "step" && event.step === stopAt) stop.abort();
  }
  const { "parameter/head.bias": bias } = await learner.state();
  return { events, bias: [...bias.data] };
}

const validationsOf = (events: readonly TrainingEvent[]) =>
  events.filter((event) => event.kind === "validation");
const bestsOf = (events: readonly TrainingEvent[]) =>
  events.filter((event) => event.kind === "best").map(({ step }) => step);
const newFolder = () => mkdtempSync(join(root, "run-"));

it("a bound is better when it is lower by more than the least difference", () => {
  const first = judged(undefined, { step: 0, boundNats: 2 });
  expect(first).toEqual({ step: 0, boundNats: 2, since: 0 });
  expect(judged(first, { step: 5, boundNats: 2 })).toEqual({ step: 0, boundNats: 2, since: 1 });
  expect(judged(first, { step: 5, boundNats: 1.95 }, 0.1)).toEqual({ step: 0, boundNats: 2, since: 1 });
  expect(judged(first, { step: 5, boundNats: 1.89 }, 0.1)).toEqual({ step: 5, boundNats: 1.89, since: 0 });
  expect(isExhausted({ ...first, since: 2 }, { patience: 3, minDelta: 0 })).toBe(false);
  expect(isExhausted({ ...first, since: 3 }, { patience: 3, minDelta: 0 })).toBe(true);
  expect(isExhausted({ ...first, since: 9 }, undefined)).toBe(false);
});

describe("a run whose best weights are wanted", () => {
  it("keeps the model of the lowest bound and no other, as it was then", async () => {
    const folder = newFolder();
    const { events } = await run(folder, { result: "best" });
    const validations = validationsOf(events);
    const lowest = validations.reduce((a, b) => (b.boundNats < a.boundNats ? b : a));
    const bests = bestsOf(events);
    expect(bests).toEqual(
      validations
        .filter(({ boundNats }, index) =>
          validations.slice(0, index).every((other) => boundNats < other.boundNats),
        )
        .map(({ step }) => step),
    );
    expect(bests.at(-1)).toBe(lowest.step);
    expect(lowest.step).toBeGreaterThan(0);
    expect(lowest.step).toBeLessThan(60);
    expect(readdirSync(folder).filter((name) => name.startsWith("best-"))).toHaveLength(1);

    const kept = JSON.parse(readFileSync(join((await bestModel(folder)) as string, "model.json"), "utf8"));
    expect(kept).toEqual((await run(newFolder(), { steps: lowest.step })).bias);
  });

  it("ends when patience does, at the same step and weights when it was interrupted in between", async () => {
    const changes = { result: "best", earlyStopping: { patience: 3 } } as const;
    const whole = await run(newFolder(), changes);
    const bounds = validationsOf(whole.events).map(({ boundNats }) => boundNats);
    const best = bounds.indexOf(Math.min(...bounds));
    expect(bounds).toHaveLength(best + 4);
    const finished = whole.events.at(-1);
    expect(finished).toMatchObject({ kind: "finished", reason: "stopped", step: 2 * (best + 3) });

    const folder = newFolder();
    const stop = 2 * best + 3; // one bad validation has been seen
    expect((await run(folder, changes, stop)).events.at(-1)).toMatchObject({ reason: "aborted", step: stop });
    const resumed = await run(folder, changes);
    expect(resumed.events.at(-1)).toMatchObject({ reason: "stopped", step: finished?.step });
    expect(resumed.bias).toEqual(whole.bias);
    // And once more: there is nothing left to do.
    const again = await run(folder, changes);
    expect(again.events.map(({ kind }) => kind)).toEqual(["started", "finished"]);
    expect((await run(folder, {})).events.at(-1)).toMatchObject({ reason: "completed", step: 60 });
  });

  it("begins to keep them where a run goes on that wanted its last ones", async () => {
    const folder = newFolder();
    await run(folder, {}, 31);
    const resumed = await run(folder, { result: "best" });
    const validations = validationsOf(resumed.events);
    expect(validations[0].step).toBe(31); // judged where it goes on, else a finished run would have none
    const lowest = validations.reduce((a, b) => (b.boundNats < a.boundNats ? b : a));
    const kept = (await bestModel(folder)) as string;
    expect(basename(kept)).toBe(`best-${String(lowest.step).padStart(8, "0")}`);

    const finished = newFolder();
    const whole = await run(finished, {});
    await run(finished, { result: "best" });
    const model = JSON.parse(readFileSync(join((await bestModel(finished)) as string, "model.json"), "utf8"));
    expect(model).toEqual(whole.bias);
  });

  it("needs text to judge by", async () => {
    const learner = createLearner(createTinyModel());
    open.push(learner);
    for (const changes of [{ result: "best" as const }, { earlyStopping: { patience: 1 } }]) {
      const events = train({
        learner,
        collator: createTinyCollator(),
        rows: createTinyRows(),
        options: { ...restless, ...changes },
      });
      await expect(events.next()).rejects.toThrow(/held-out text.*CONFIG_INVALID/);
    }
  });
});
