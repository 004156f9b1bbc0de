import { regexConstraint } from "@textdiffusion/constraints";
import {
  type AnyDefinition,
  type Canvas,
  type Constraint,
  openCanvas,
  type PositionRestriction,
  reverseLoop,
  type Sampler,
  stateAfter,
} from "@textdiffusion/core";
import { byteLevelTokenizer } from "@textdiffusion/data";
import {
  blocksSampler,
  randomSampler,
  remaskingSampler,
  remdmSampler,
  samplersPlugin,
} from "@textdiffusion/samplers";
import { fakeDenoiser, letterTokenizer, powerNoise } from "@textdiffusion/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

// A constraint holds of every text, whatever the sampler: it is the loop that keeps it.

const tokenizer = letterTokenizer("ab01-");
const maskTokenId = tokenizer.special.mask;
const { end = -1 } = tokenizer.special;
const denoiser = fakeDenoiser({ vocabularySize: tokenizer.vocabularySize, maskTokenId });

interface Run {
  readonly canvas: Canvas;
  readonly sampler: Sampler;
  readonly constraint?: Constraint;
  readonly seed?: number;
  readonly allowed?: readonly number[];
}

async function run({ canvas, sampler, constraint, seed = 1, allowed = [] }: Run) {
  const suppressed = tokenizer.specialIds.filter((id) => !allowed.includes(id));
  const schedule = powerNoise(1);
  const ends = [end];
  let state: ReturnType<typeof stateAfter> | undefined;
  const loop = { canvas, sampler, constraint, denoiser, schedule, maskTokenId, seed, suppressed, ends };
  for await (const event of reverseLoop(loop)) {
    state = stateAfter(state, event); // checks that the events follow from each other
    if (event.kind !== "finished") continue;
    expect(state.canvas.ids).toEqual(event.ids);
    return event;
  }
  throw new Error("expected the loop to finish");
}

/** Each has matches of 6, 8, 10 and 12 tokens. */
const patterns = [
  "[ab]+[01]+", // where they meet is open
  "(?:ab|ba)*-?", // tokens that decide each other
  "a*b?0*1?-*", // one of a kind at most
  "(?:00|11)+|[ab]*", // parity, and a choice for the whole text
  "(?:a|b0|1-1)*",
];

const makers: [string, () => Sampler][] = [
  ...(samplersPlugin.samplers as readonly AnyDefinition<"sampler">[]).map(
    ({ name, create }): [string, () => Sampler] => [name, () => create({}, {}) as Sampler],
  ),
  ["random in one step", () => randomSampler({ steps: 1 })],
  ["remasking in three steps", () => remaskingSampler({ steps: 3 })],
  ["remdm, restless", () => remdmSampler({ steps: 9, eta: 0.9 })],
  ["blocks of two steps", () => blocksSampler({ size: 5, sampler: randomSampler({ steps: 2 }) })],
  ["blocks of remasking", () => blocksSampler({ size: 4, sampler: remaskingSampler({ steps: 2 }) })],
  [
    "blocks until done",
    () => blocksSampler({ size: 3, sampler: samplersPlugin.samplers.at(-1)?.create({}, {}) as Sampler }),
  ],
];

describe.each(makers)("%s", (_, make) => {
  it("writes what matches, alone and in a batch, with restrictions and without", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...patterns),
        fc.integer({ min: 3, max: 6 }),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        fc.nat(999),
        async (pattern, half, batch, restricted, seed) => {
          const rows = Array.from({ length: batch }, (__, row) => row);
          const prompts = rows.map(() => ["a-", { gap: 2 * half }, "0"]);
          const open = openCanvas(tokenizer, {
            prompts,
            length: 1,
            rowKeys: rows.map((row) => 7 + row),
          });
          // All patterns have a match in which the first token of a gap is neither 1 nor -.
          const banned = [..."1-"].map((letter) => tokenizer.encode(letter)[0]);
          const restrictions: PositionRestriction[] = rows.map((row) => ({ row, position: 2, banned }));
          const canvas = restricted ? { ...open, restrictions } : open;
          const constraint = regexConstraint({ tokenizer, pattern });
          const { ids } = await run({ canvas, sampler: make(), constraint, seed });
          for (const row of rows) {
            const own = ids.subarray(row * canvas.seq, (row + 1) * canvas.seq);
            const text = tokenizer.decode(own.subarray(2, 2 + 2 * half));
            expect(text).toMatch(new RegExp(`^(?:${pattern})$`));
            expect(text).toHaveLength(2 * half);
            if (restricted) expect(text).not.toMatch(/^[1-]/);
          }
          const last = batch - 1;
          const alone = {
            ...openCanvas(tokenizer, { prompts: [prompts[last]], length: 1, rowKeys: [7 + last] }),
            ...(restricted && { restrictions: [{ row: 0, position: 2, banned }] }),
          };
          const single = await run({ canvas: alone, sampler: make(), constraint, seed });
          expect(single.ids).toEqual(ids.slice(last * canvas.seq, last * canvas.seq + alone.seq));
        },
      ),
      { seed: 8, numRuns: 12 },
    );
  });
});

it("a constraint that says nothing changes nothing", async () => {
  const canvas = openCanvas(tokenizer, { length: 20 });
  for (const sampler of [
    randomSampler({ steps: 4 }),
    remaskingSampler({ steps: 4 }),
    remdmSampler({ steps: 8 }),
  ]) {
    const free = await run({ canvas, sampler });
    const bound = await run({
      canvas,
      sampler,
      constraint: regexConstraint({ tokenizer, pattern: ".*", flags: "s" }),
    });
    expect(bound.ids).toEqual(free.ids);
  }
});

it("costs no forward more on a grid, not even where the last step refuses tokens", async () => {
  const canvas = openCanvas(tokenizer, { prompts: new Array(20).fill([{ gap: 12 }]), length: 1 });
  const constraint = regexConstraint({ tokenizer, pattern: "(?:ab|ba)*" });
  const { forwards, ids } = await run({ canvas, sampler: randomSampler({ steps: 1 }), constraint });
  expect(forwards).toBe(1);
  for (let row = 0; row < 20; row++) {
    expect(tokenizer.decode(ids.subarray(12 * row, 12 * row + 12))).toMatch(/^(?:ab|ba){6}$/);
  }
});

it("an end stops a row only where the text before it matches", async () => {
  let stopped = 0;
  for (let seed = 0; seed < 60; seed++) {
    const canvas = openCanvas(tokenizer, { length: 24 });
    const sampler = blocksSampler({ size: 4, sampler: randomSampler({ steps: 2 }) });
    const constraint = regexConstraint({ tokenizer, pattern: "(?:ab|01)+" });
    const { ids, steps } = await run({ canvas, sampler, constraint, seed, allowed: [end] });
    expect(tokenizer.decode(ids)).toMatch(/^(?:ab|01)+$/);
    if (steps < 12) {
      stopped++;
      expect(ids.at(-1)).toBe(end);
    }
  }
  expect(stopped).toBeGreaterThan(5);
});

it("holds for bytes, characters of several of them too", async () => {
  const bytes = byteLevelTokenizer();
  const model = fakeDenoiser({ vocabularySize: bytes.vocabularySize, maskTokenId: bytes.special.mask });
  const canvas = openCanvas(bytes, {
    prompts: [
      ["«", { gap: 12 }, "»"],
      ["«", { gap: 9 }, "»"],
    ],
    length: 1,
  });
  const constraint = regexConstraint({ tokenizer: bytes, pattern: "[α-ω]+[ !]?|\\p{Lu}{3}", flags: "u" });
  for (const sampler of [randomSampler({ steps: 2 }), remaskingSampler({ steps: 3 })]) {
    for await (const event of reverseLoop({
      canvas,
      sampler,
      constraint,
      denoiser: model,
      schedule: powerNoise(1),
      maskTokenId: bytes.special.mask,
      seed: 2,
      suppressed: bytes.specialIds,
    })) {
      if (event.kind !== "finished") continue;
      for (const row of [0, 1]) {
        const text = bytes.decode(event.ids.subarray(row * canvas.seq, (row + 1) * canvas.seq));
        expect(text).toMatch(/^«(?:[α-ω]+[ !]?|\p{Lu}{3})»$/u);
      }
    }
  }
});
