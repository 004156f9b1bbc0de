import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startBackend } from "@textdiffusion/backend-node";
import type { Backend, Collator, TrainingEvent } from "@textdiffusion/core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createTinyCollator, tinyMask } from "../fixtures/tiny-data.js";
import { bits, eventsOf, tinyOptions as options, tinyRuns } from "../fixtures/tiny-runs.js";
import { progressLine } from "./progress-line.js";
import { type TrainingRun, train } from "./train.js";
import type { TrainingOptionsInput } from "./training-options.js";

const { newRun, newFolder, checkpointsIn, releaseRuns, removeFolders } = tinyRuns();
afterEach(releaseRuns);
afterAll(removeFolders);

const spokenSpikes = (events: readonly TrainingEvent[]) =>
  events.flatMap((event) => (event.kind === "spike" ? [`${event.action} ${event.step}`] : []));

describe.each(["onnx", "wasm", "cpu"])("spikes on %s", (backendName) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await startBackend(backendName);
  });
  afterAll(() => backend.dispose());

  const plan = {
    ...options,
    steps: 72,
    learningRate: 0.1,
    spikes: { action: "skip", window: 32 },
  } as const;
  /** Rows of a token that no other row has, in three steps: a function of the step alone, as all noise is. */
  const withSpikes = (changes: Partial<TrainingRun> = {}) => {
    const tiny = createTinyCollator();
    const collator: Collator = {
      name: "poisoned",
      collate: (rows, random, progress = 0) => {
        const batch = tiny.collate(rows, random);
        if (![40, 41, 64].includes(Math.round(progress * plan.steps))) return batch;
        return { ...batch, cleanIds: batch.cleanIds.map(() => tinyMask) };
      },
    };
    return newRun({ collator, options: plan, ...changes });
  };
  const spikesOf = (events: readonly TrainingEvent[]) => events.filter((event) => event.kind === "spike");

  it("leaves out the update of a spike, not of the step after it, and both count", async () => {
    const states: Awaited<ReturnType<TrainingRun["learner"]["state"]>>[] = [];
    const run = withSpikes();
    const events: TrainingEvent[] = [];
    for await (const event of train(run)) {
      events.push(event);
      if (event.kind === "step") states.push(await run.learner.state());
    }
    expect(spokenSpikes(events)).toEqual(["skip 41", "report 42", "skip 65"]);
    for (const [index, state] of states.slice(1).entries()) {
      const stayed = expect(bits(state));
      if (index + 2 === 41 || index + 2 === 65) stayed.toEqual(bits(states[index]));
      else stayed.not.toEqual(bits(states[index]));
    }
    const [spike] = spikesOf(events);
    expect(spike.lossNats).toBeGreaterThan(2 * spike.expectedLossNats);
    expect(spike.gradientNorm).toBeGreaterThan(2 * spike.expectedGradientNorm);
    expect(spike.lossDeviations).toBeGreaterThan(10);
    expect(progressLine(spike)).toMatch(/^spike at step 41 {2}loss .* its update was left out$/);
  });

  it("goes on bit for bit after a stop between spikes, or right after a step that was left out", async () => {
    const whole = withSpikes();
    const wholeEvents = await eventsOf(whole);
    for (const stop of [41, 43]) {
      const folder = newFolder();
      const abort = new AbortController();
      const before = await eventsOf(
        withSpikes({ checkpoints: await checkpointsIn(folder), signal: abort.signal }),
        ({ step }) => step === stop && abort.abort(),
      );
      const resumed = withSpikes({ checkpoints: await checkpointsIn(folder), resume: true });
      const both = [...before, ...(await eventsOf(resumed))];
      expect(spikesOf(both).map(({ file: _, ...spike }) => spike)).toEqual(spikesOf(wholeEvents));
      expect(bits(await resumed.learner.state())).toEqual(bits(await whole.learner.state()));
    }
  });

  it("only tells of a spike, and keeps its batches, unless it is to be skipped", async () => {
    const folder = newFolder();
    const reporting = withSpikes({
      checkpoints: await checkpointsIn(folder),
      options: { ...plan, spikes: { window: 32 } },
    });
    const events = await eventsOf(reporting);
    expect(spokenSpikes(events)).toEqual(["report 41", "report 42", "report 65"]);
    const off = withSpikes({ options: { ...plan, spikes: { action: "off" } } });
    expect(spokenSpikes(await eventsOf(off))).toEqual([]);
    expect(bits(await reporting.learner.state())).toEqual(bits(await off.learner.state()));

    const file = join(folder, "spike-00000065.json");
    expect(spikesOf(events)[2].file).toBe(file);
    const kept = JSON.parse(readFileSync(file, "utf8"));
    expect(kept).toMatchObject({ step: 65, problem: expect.stringContaining("was expected") });
    expect(kept.batches).toHaveLength(3);
    for (const { cleanIds } of kept.batches) expect(new Set(cleanIds)).toEqual(new Set([tinyMask]));
  });

  it("does not compare steps of a noise with those of another, where the collator says that it changes", async () => {
    const changed = async (changesAt?: readonly number[], stop: number = plan.steps) => {
      const tiny = createTinyCollator();
      const collator: Collator = {
        name: "changing",
        changesAt,
        collate: (rows, random, progress = 0) => {
          const batch = tiny.collate(rows, random);
          if (progress < 40 / plan.steps) return batch;
          return { ...batch, cleanIds: batch.cleanIds.map(() => tinyMask) };
        },
      };
      const changing = { collator, options: { ...plan, spikes: { window: 32 } } };
      const folder = newFolder();
      const abort = new AbortController();
      const first = newRun({
        ...changing,
        checkpoints: await checkpointsIn(folder),
        signal: abort.signal,
      });
      const events = await eventsOf(first, ({ step }) => step === stop && abort.abort());
      if (stop === plan.steps) return spokenSpikes(events);
      const again = newRun({ ...changing, checkpoints: await checkpointsIn(folder), resume: true });
      return spokenSpikes([...events, ...(await eventsOf(again))]);
    };
    expect((await changed())[0]).toBe("report 41");
    for (const stop of [39, 40, 41, plan.steps]) expect(await changed([40 / plan.steps], stop)).toEqual([]);
  });

  it("is a choice that a run which skips must keep, and one that only reports need not", async () => {
    const stopped = async (spikes: TrainingOptionsInput["spikes"]) => {
      const checkpoints = await checkpointsIn(newFolder());
      const abort = new AbortController();
      const run = withSpikes({ checkpoints, options: { ...plan, spikes }, signal: abort.signal });
      await eventsOf(run, ({ step }) => step === 2 && abort.abort());
      return checkpoints;
    };
    const goOn = async (checkpoints: TrainingRun["checkpoints"], spikes: TrainingOptionsInput["spikes"]) =>
      eventsOf(withSpikes({ checkpoints, resume: true, options: { ...plan, spikes } }));
    await expect(goOn(await stopped({ action: "report" }), { action: "skip" })).rejects.toThrow(
      /training\.spikes\.action was not set and is "skip".*CHECKPOINT_INVALID/,
    );
    await expect(
      goOn(await stopped({ action: "skip", threshold: 10, window: 32 }), {
        action: "skip",
        threshold: 5,
        window: 32,
      }),
    ).rejects.toThrow(/training\.spikes\.threshold was 10 and is 5/);
    await goOn(await stopped({ action: "report" }), { action: "off" });
  });
});
