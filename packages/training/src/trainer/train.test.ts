import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startBackend } from "@textdiffusion/backend-node";
import { type Backend, type Collator, Random, type TrainingEvent } from "@textdiffusion/core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createTinyCollator, createTinyRows, noise } from "../fixtures/tiny-data.js";
import { bits, eventsOf, tinyOptions as options, tinyRuns } from "../fixtures/tiny-runs.js";
import { learningRateAt } from "./learning-rate.js";
import { progressLine } from "./progress-line.js";
import type { TrainingRun } from "./train.js";
import { decodeTrainingOptions, type TrainingOptionsInput } from "./training-options.js";

const { newRun, newFolder, checkpointsIn, releaseRuns, removeFolders } = tinyRuns();
afterEach(releaseRuns);
afterAll(removeFolders);

const stepsOf = (events: readonly TrainingEvent[]) => events.filter((event) => event.kind === "step");
const spoken = (events: readonly TrainingEvent[]) => events.map(({ kind, step }) => `${kind} ${step}`);

const validation = [
  noise(createTinyRows({ seed: 8 }).rowsAt(0, 8), (row) => (row + 0.5) / 8, Random.fromSeed(2)),
];

describe.each(["onnx", "wasm", "cpu"])("on %s", (backendName) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await startBackend(backendName);
  });
  afterAll(() => backend.dispose());

  describe("train", () => {
    it("tells the collator how much of the training is done, from the start and after a resume", async () => {
      const seen: (number | undefined)[] = [];
      const tiny = createTinyCollator();
      const collator: Collator = {
        name: "tiny",
        collate: (rows, random, progress) => {
          seen.push(progress);
          return tiny.collate(rows, random);
        },
      };
      const plan = { ...options, steps: 4, accumulate: 1, warmupSteps: 1 };
      const folder = newFolder();
      const stop = new AbortController();
      const checkpoints = await checkpointsIn(folder);
      await eventsOf(
        newRun({ collator, options: { ...plan, logEvery: 1 }, checkpoints, signal: stop.signal }),
        (event) => {
          if (event.kind === "step" && event.step === 2) stop.abort();
        },
      );
      const again = { collator, options: { ...plan, logEvery: 1 }, resume: true };
      await eventsOf(newRun({ ...again, checkpoints: await checkpointsIn(folder) }));
      expect(seen).toEqual([0, 0.25, 0.5, 0.75]);
    });

    it("names the step and the tensor of a NaN, and keeps its batches and what was saved before", async () => {
      const folder = newFolder();
      const tiny = createTinyCollator();
      let calls = 0;
      const collator: Collator = {
        name: "poisoned",
        collate: (rows, random) => {
          const batch = tiny.collate(rows, random);
          if (++calls < 12) return batch;
          return {
            ...batch,
            lossWeight: batch.lossWeight.map((weight) => weight * Number.POSITIVE_INFINITY),
          };
        },
      };
      const plan = { ...options, saveEvery: 2 };
      const checkpoints = await checkpointsIn(folder);
      const file = join(folder, "failed-00000004.json");
      await expect(eventsOf(newRun({ collator, options: plan, checkpoints }))).rejects.toThrow(
        new RegExp(`step 4: expected the loss to be finite.*${file}.*NOT_A_NUMBER`),
      );
      const failed = JSON.parse(readFileSync(file, "utf8"));
      expect(failed).toMatchObject({ step: 4, problem: expect.stringContaining("the loss") });
      expect(failed.batches).toHaveLength(3);
      expect(failed.batches[2].cleanIds).toHaveLength(failed.batches[2].batch * failed.batches[2].seq);
      expect((await (await checkpointsIn(folder)).latest())?.step).toBe(2);
    });

    it("tells every event in its order, the last step's validation and checkpoint among them", async () => {
      const checkpoints = await checkpointsIn(newFolder());
      const plan = { ...options, steps: 5, logEvery: 3, evaluateEvery: 2, saveEvery: 3 };
      const events = await eventsOf(newRun({ checkpoints, validation, options: plan }));
      expect(spoken(events)).toEqual([
        "started 0",
        "validation 0",
        "step 1",
        "validation 2",
        "step 3",
        "checkpoint 3",
        "validation 4",
        "step 5",
        "validation 5",
        "checkpoint 5",
        "finished 5",
      ]);
      expect(events[0]).toMatchObject({
        steps: 5,
        resumed: false,
        parameterCount: 59,
        rowCount: 24,
        rowsPerStep: 6,
      });
      expect(events.at(-1)).toMatchObject({ reason: "completed" });
      for (const event of events) expect(progressLine(event)).toMatch(/^[^\n]+$/);
    });

    it("says of each step its own loss, learning rate and epoch", async () => {
      const steps = stepsOf(await eventsOf(newRun()));
      const plan = await decodeTrainingOptions(options);
      expect(steps.map(({ learningRate }) => learningRate)).toEqual(
        steps.map((_, index) => learningRateAt(index, plan)),
      );
      expect(steps.map(({ epoch }) => epoch)).toEqual(steps.map((_, index) => ((index + 1) * 6) / 24));
      // A learner that is handed the same rows, noise and dropout reports the same, step after step.
      const { learner, collator } = newRun();
      const rows = createTinyRows();
      for (const [step, { learningRate, lossNats, gradientNorm }] of steps.slice(0, 3).entries()) {
        const random = Random.fromSeed(6).split("step", step);
        const batches = [0, 1, 2].map((index) =>
          collator.collate(rows.rowsAt(step * 6 + index * 2, 2), random.split("collate", index)),
        );
        const report = await learner.step({
          batches,
          learningRate,
          clipNorm: 1,
          random: random.split("dropout"),
        });
        expect({ lossNats, gradientNorm }).toEqual(report);
      }
    });

    it("lowers the validation bound, from the same masks each time", async () => {
      const plan = { ...options, steps: 100, evaluateEvery: 100, learningRate: 0.05 };
      const bounds = (await eventsOf(newRun({ validation, options: plan })))
        .filter((event) => event.kind === "validation")
        .map(({ boundNats }) => boundNats);
      expect(bounds).toHaveLength(2);
      expect(bounds[1]).toBeLessThan(bounds[0] - 0.05);
    });

    it("trains 12 steps as 5, a new process and 7 more: equal bits, equal losses", async () => {
      const whole = newRun();
      const wholeSteps = stepsOf(await eventsOf(whole));

      const folder = newFolder();
      const abort = new AbortController();
      const stopped = newRun({ checkpoints: await checkpointsIn(folder), signal: abort.signal });
      const before = await eventsOf(stopped, ({ step }) => step === 5 && abort.abort());
      expect(spoken(before).slice(-2)).toEqual(["checkpoint 5", "finished 5"]);
      expect(before.at(-1)).toMatchObject({ reason: "aborted" });

      const resumed = newRun({ checkpoints: await checkpointsIn(folder), resume: true });
      const after = await eventsOf(resumed);
      expect(after[0]).toMatchObject({ kind: "started", step: 5, resumed: true });
      const losses = (events: readonly TrainingEvent[]) => stepsOf(events).map(({ lossNats }) => lossNats);
      expect([...losses(before), ...losses(after)]).toEqual(losses(wholeSteps));
      expect(bits(await resumed.learner.state())).toEqual(bits(await whole.learner.state()));
    });

    it("has nothing left to do for a run that is complete", async () => {
      const checkpoints = await checkpointsIn(newFolder());
      await eventsOf(newRun({ checkpoints }));
      expect(spoken(await eventsOf(newRun({ checkpoints, resume: true })))).toEqual([
        "started 12",
        "finished 12",
      ]);
    });

    it("gives a stream of rows the state back that it had, of which it knows no epochs", async () => {
      const folder = newFolder();
      const { rowCount: _, ...tiny } = createTinyRows();
      const seen: unknown[] = [];
      const stream = {
        ...tiny,
        stateAt: (position: number) => ({ before: [position], none: null }),
        restore: (state: unknown) => seen.push(state),
      };
      const plan = { ...options, saveEvery: 4 };
      const stop = new AbortController();
      const first = newRun({
        rows: stream,
        options: plan,
        checkpoints: await checkpointsIn(folder),
        signal: stop.signal,
      });
      const events = await eventsOf(first, ({ kind, step }) => kind === "step" && step === 5 && stop.abort());
      expect(stepsOf(events).map(({ epoch }) => epoch)).toEqual(Array(5).fill(undefined));
      await eventsOf(
        newRun({ rows: stream, options: plan, checkpoints: await checkpointsIn(folder), resume: true }),
      );
      expect(seen).toEqual([{ before: [5 * 6], none: null }]);
    });

    it("begins anew when there is nothing to resume, and saves nothing when aborted before the first step", async () => {
      const checkpoints = await checkpointsIn(newFolder());
      const events = await eventsOf(newRun({ checkpoints, resume: true, signal: AbortSignal.abort() }));
      expect(spoken(events)).toEqual(["started 0", "finished 0"]);
      expect(await checkpoints.latest()).toBeUndefined();
    });
  });

  describe("a run that cannot go on", () => {
    const stopAt = async (step: number, plan: TrainingOptionsInput, identity = {}) => {
      const abort = new AbortController();
      const checkpoints = await checkpointsIn(newFolder());
      const run = newRun({ checkpoints, options: plan, identity, signal: abort.signal });
      await eventsOf(run, (event) => event.step === step && abort.abort());
      return checkpoints;
    };
    const failing = (run: TrainingRun) => expect(eventsOf(run)).rejects;

    it.each<[string, Partial<TrainingOptionsInput>]>([
      ["learningRate was 0.02 and is 0.03", { learningRate: 0.03 }],
      ["batchSize was 2 and is 6", { batchSize: 6 }],
      ["steps was 12 and is 24", { steps: 24 }],
      ["seed was 6 and is 7", { seed: 7 }],
    ])("names the option that differs: training.%s", async (difference, change) => {
      const checkpoints = await stopAt(2, options);
      await failing(newRun({ checkpoints, resume: true, options: { ...options, ...change } })).toMatchObject({
        code: "CHECKPOINT_INVALID",
        message: expect.stringContaining(`training.${difference}`),
      });
    });

    it("names the part of its identity that differs", async () => {
      const checkpoints = await stopAt(2, options, { collator: { name: "a", keepPrefix: 4 } });
      const identity = { collator: { name: "a", keepPrefix: 5 } };
      await failing(newRun({ checkpoints, resume: true, identity })).toMatchObject({
        code: "CHECKPOINT_INVALID",
        message: expect.stringContaining("collator.keepPrefix was 4 and is 5"),
      });
    });

    it("may report, evaluate and save at other steps, and be longer when its learning rate is constant", async () => {
      const constant = { ...options, decay: "constant" } as const;
      const checkpoints = await stopAt(2, constant);
      const plan = {
        ...constant,
        steps: 14,
        logEvery: 5,
        evaluateEvery: 3,
        saveEvery: 4,
        keepCheckpoints: 1,
      };
      const resumed = newRun({ checkpoints, resume: true, options: plan });
      await eventsOf(resumed);
      const whole = newRun({ options: { ...constant, steps: 14 } });
      await eventsOf(whole);
      expect(bits(await resumed.learner.state())).toEqual(bits(await whole.learner.state()));
    });

    it("does not mix a new run into the checkpoints of another", async () => {
      const checkpoints = await stopAt(2, options);
      await failing(newRun({ checkpoints })).toMatchObject({
        code: "CHECKPOINT_INVALID",
        message: expect.stringContaining("got one of step 2"),
      });
    });

    it("refuses unknown and bad options before the first step", async () => {
      const plan = (change: object) => newRun({ options: { ...options, ...change } });
      await failing(plan({ warmUpSteps: 2 })).toMatchObject({
        code: "UNKNOWN_OPTION",
        message: expect.stringContaining('"warmupSteps"'),
      });
      await failing(plan({ warmupSteps: 12 })).toMatchObject({
        code: "CONFIG_INVALID",
        message: expect.stringContaining("training.warmupSteps"),
      });
      await failing(plan({ decay: "step" })).toMatchObject({ code: "CONFIG_INVALID" });
    });
  });
});
