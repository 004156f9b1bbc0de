import {
  type Canvas,
  type GenerationEvent,
  type GenerationState,
  reverseLoop,
  type Sampler,
  stateAfter,
} from "@textdiffusion/core";
import { fakeDenoiser, powerNoise } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import {
  composeSampler,
  confidenceSampler,
  editingSampler,
  everything,
  nothing,
  randomSampler,
  remaskingSampler,
  samplersPlugin,
  thresholdSampler,
} from "./index.js";

// A run can go on from any of its steps: what it does from there depends on nothing that its events do not say.

const vocabularySize = 24;
const maskTokenId = 23;
const seed = 5;
const schedule = powerNoise(1);
const denoiser = fakeDenoiser({ vocabularySize, maskTokenId, sharpness: 3 });

/** `_` is a mask, a letter a locked token, `?` a token that may be rewritten. Rows end at different steps. */
function page(...rows: readonly string[]): Canvas {
  const cells = [...rows.join("")];
  return {
    batch: rows.length,
    seq: rows[0].length,
    ids: Int32Array.from(cells, (cell) =>
      cell === "_" ? maskTokenId : cell === "?" ? 9 : cell.charCodeAt(0) - 97,
    ),
    attentionMask: new Uint8Array(cells.length).fill(1),
    editable: Uint8Array.from(cells, (cell) => Number(cell === "_" || cell === "?")),
    rowKeys: rows.map((_, row) => 11 + 2 * row),
  };
}

const canvas = page("ab__________", "abcde__hijkl", "abcdefghijkl", "?b_d__??i___");

async function eventsOf(sampler: Sampler, state: GenerationState | { canvas: Canvas }, ownSeed = seed) {
  const events: GenerationEvent[] = [];
  const run = { sampler, denoiser, schedule, maskTokenId, seed: ownSeed, ...state };
  for await (const event of reverseLoop(run)) events.push(event);
  return events;
}

/** The state before each step, and the last one. */
function statesOf(events: readonly GenerationEvent[]): GenerationState[] {
  const states: GenerationState[] = [];
  for (const event of events) if (event.kind !== "finished") states.push(stateAfter(states.at(-1), event));
  return states;
}

const samplers: readonly (readonly [string, () => Sampler])[] = [
  ...(samplersPlugin.samplers ?? []).map(
    ({ name, create, options }) =>
      [
        name,
        () => {
          const decoded = options["~standard"].validate({}) as { value: never };
          return create(decoded.value, {}) as Sampler;
        },
      ] as const,
  ),
  ["remdm by confidence", () => named("remdm", { strategy: "confidence", steps: 9 })],
  ["remdm in a loop", () => named("remdm", { strategy: "loop", steps: 20, eta: 0.5 })],
  ["rewriting", () => rewriting(6)],
];

function named(name: string, given: object): Sampler {
  const definition = samplersPlugin.samplers?.find((each) => each.name === name);
  const decoded = definition?.options["~standard"].validate(given) as { value: never };
  return definition?.create(decoded.value, {}) as Sampler;
}

/** Writes everything in each step, often the same again, and looks at how sure each token was when it was last drawn. */
const rewriting = (steps: number) =>
  composeSampler({
    name: "rewriting",
    token: { temperature: 0.3 },
    commit: everything,
    revise: {
      name: "least-sure",
      revises: true,
      revise: (row) =>
        row.step + 1 === row.steps
          ? []
          : [...row.editablePositions].filter((position) => row.revealLogProbs[position] < -0.7),
    },
    steps,
  });

describe.each(samplers)("%s", (_, make) => {
  it("forked at any step with nothing changed gives the rest of the run, event for event", async () => {
    const events = await eventsOf(make(), { canvas });
    const states = statesOf(events);
    const stride = Math.max(1, Math.floor(states.length / 8)); // a run of 128 steps is forked at every sixteenth
    for (let step = 0; step < states.length; step++) {
      if (step % stride !== 0 && step < states.length - 2) continue;
      const [started, ...rest] = await eventsOf(make(), states[step]);
      expect(rest).toEqual(events.slice(1 + step));
      // The fork's own first event is enough to fork it again.
      expect(stateAfter(undefined, started)).toEqual(states[step]);
    }
  });
});

it("a fork of a fork with another sampler goes on as the fork did", async () => {
  const parent = statesOf(await eventsOf(thresholdSampler({ threshold: 0.99 }), { canvas }));
  const fork = await eventsOf(randomSampler({ steps: 7 }), parent[2]);
  const states = statesOf(fork);
  const [, ...rest] = await eventsOf(randomSampler({ steps: 7 }), states[2]);
  expect(rest).toEqual(fork.slice(3));
  expect(rest.length).toBeGreaterThan(2);
});

describe("another sampler", () => {
  const open = page("____________");
  const half = async () => statesOf(await eventsOf(randomSampler({ steps: 12 }), { canvas: open }))[6];

  it("with as many steps goes on at the same step", async () => {
    const [started, first] = await eventsOf(remaskingSampler({ steps: 12 }), await half());
    expect(started).toMatchObject({ step: 6, rowSteps: new Int32Array([6]) });
    expect(first).toMatchObject({ kind: "step", step: 6, t: 0.5 });
  });

  it.each([
    [4, 2],
    [5, 2],
    [30, 15],
  ])("on a grid of %i steps enters it at step %i, not below the time of the masks", async (steps, at) => {
    const events = await eventsOf(randomSampler({ steps }), await half());
    const times = events.flatMap((event) => (event.kind === "step" ? [[event.step, event.t]] : []));
    expect(events[0]).toMatchObject({ rowSteps: new Int32Array([at]) });
    expect(times).toEqual(
      Array.from({ length: times.length }, (_, index) => [6 + index, 1 - (at + index) / steps]),
    );
    expect(times[0][1]).toBeGreaterThanOrEqual(0.5);
    expect(events.at(-1)).toMatchObject({ kind: "finished" });
  });

  it("puts each row where its own masks are", async () => {
    const two = page("____________", "abcdef______");
    const states = statesOf(await eventsOf(thresholdSampler({ threshold: 2 }), { canvas: two })); // a token a step
    const [started] = await eventsOf(randomSampler({ steps: 12 }), states[3]);
    expect(started).toMatchObject({ rowSteps: new Int32Array([3, 6]) });
  });

  it("that runs until done needs no grid", async () => {
    const events = await eventsOf(editingSampler(), await half());
    expect(events[0]).toMatchObject({ steps: undefined, step: 6 });
    expect(events.at(-1)).toMatchObject({ kind: "finished" });
  });

  it("finds nothing to do where nothing is masked", async () => {
    const writing = composeSampler({
      name: "one-shot",
      token: { temperature: 1 },
      commit: everything,
      revise: nothing,
      steps: 4,
    });
    const [, written] = statesOf(await eventsOf(writing, { canvas: open }));
    const kinds = (await eventsOf(remaskingSampler({ steps: 10 }), written)).map(({ kind }) => kind);
    expect(kinds).toEqual(["started", "finished"]);
  });

  it("leaves rows alone that were done", async () => {
    const early = confidenceSampler({ quota: "llada", steps: 12 }); // two masks take two steps of twelve
    const two = page("____________", "abcdefghij__");
    const states = statesOf(await eventsOf(early, { canvas: two }));
    const at = states.findIndex(({ progress }) => progress.doneRows.length === 1);
    const events = await eventsOf(remaskingSampler({ steps: 12 }), states[at]);
    const [row] = states[at].progress.doneRows;
    const touched = events.flatMap((event) =>
      event.kind === "step" ? [...event.revealed, ...event.confirmed, ...event.remasked] : [],
    );
    expect(touched.length).toBeGreaterThan(0);
    expect(touched.filter((change) => change.row === row)).toEqual([]);
  });
});

it("another seed is another rest", async () => {
  const open = page("____________");
  const events = await eventsOf(randomSampler({ steps: 6, temperature: 1 }), { canvas: open });
  const other = await eventsOf(randomSampler({ steps: 6, temperature: 1 }), statesOf(events)[3], seed + 1);
  expect((other.at(-1) as { ids: Int32Array }).ids).not.toEqual((events.at(-1) as { ids: Int32Array }).ids);
});

it("a fork onto another grid draws no number that the run has drawn before", async () => {
  // At the same step of the plan, but later in the run: same positions, another number each.
  const seen: number[] = [];
  const watching = (steps: number): Sampler => ({
    ...randomSampler({ steps }),
    request: (row) => {
      seen.push(row.random.uniform(0, "order"));
      return randomSampler({ steps }).request(row);
    },
  });
  const states = statesOf(await eventsOf(watching(12), { canvas: page("____________") }));
  const before = seen.splice(0).slice(0, 6);
  await eventsOf(watching(4), states[6]); // its steps 2 and 3 are the run's 6 and 7
  expect(seen.length).toBe(2);
  expect(seen.filter((number) => before.includes(number))).toEqual([]);
});
