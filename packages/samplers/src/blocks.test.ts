import {
  type AnyDefinition,
  type Canvas,
  type GenerationState,
  reverseLoop,
  type Sampler,
  type SamplerRow,
  type StepFinished,
  stateAfter,
} from "@textdiffusion/core";
import { fakeDenoiser, hostDenoiser, powerNoise, samplerLaws } from "@textdiffusion/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  blocksSampler,
  confidenceSampler,
  editingSampler,
  leftToRightSampler,
  randomSampler,
  remaskingSampler,
  remdmSampler,
  samplersPlugin,
  thresholdSampler,
} from "./index.js";

const vocabularySize = 12;
const maskTokenId = 11;
const end = 10;
const fake = fakeDenoiser({ vocabularySize, maskTokenId });

/** `_` is a mask, a digit a locked token. */
function page(...rows: readonly string[]): Canvas {
  const cells = [...rows.join("")];
  return {
    batch: rows.length,
    seq: rows[0].length,
    ids: Int32Array.from(cells, (cell) => (cell === "_" ? maskTokenId : Number(cell))),
    attentionMask: new Uint8Array(cells.length).fill(1),
    editable: Uint8Array.from(cells, (cell) => Number(cell === "_")),
  };
}

async function run(
  sampler: Sampler,
  canvas: Canvas,
  { ends = [] as number[], seed = 1, denoiser = fake } = {},
) {
  const steps: StepFinished[] = [];
  let state: GenerationState | undefined;
  const schedule = powerNoise(1);
  for await (const event of reverseLoop({ sampler, canvas, denoiser, schedule, maskTokenId, seed, ends })) {
    state = stateAfter(state, event); // checks that the events follow from each other
    if (event.kind === "step") steps.push(event);
    if (event.kind !== "finished") continue;
    expect(state.canvas.ids).toEqual(event.ids);
    return { ...event, events: steps };
  }
  throw new Error("expected the loop to finish");
}

const inner: [string, () => Sampler, AnyDefinition<"sampler">["exceptions"]][] = (
  samplersPlugin.samplers as readonly AnyDefinition<"sampler">[]
).map(({ name, create, exceptions }) => [name, () => create({}, {}) as Sampler, exceptions]);

describe.each(inner)("blocks of %s keep the laws", (_, make, skip) => {
  for (const law of samplerLaws(() => blocksSampler({ size: 5, sampler: make() }), { skip })) {
    it.skipIf(law.skip)(law.name, law.run);
  }
});

describe("blocks", () => {
  it("are written from left to right, the last one shorter, each with all its steps", async () => {
    const sampler = blocksSampler({ size: 4, sampler: randomSampler({ steps: 2 }) });
    const { events, steps } = await run(sampler, page("0__1_____2___"));
    const written = events.map(({ revealed }) =>
      revealed.map(({ position }) => position).sort((a, b) => a - b),
    );
    // Editable: 1 2 4 5 | 6 7 8 10 | 11 12
    expect(written.map(({ length }) => length)).toEqual([2, 2, 2, 2, 1, 1]);
    expect([0, 2, 4].map((step) => [...written[step], ...written[step + 1]].sort((a, b) => a - b))).toEqual([
      [1, 2, 4, 5],
      [6, 7, 8, 10],
      [11, 12],
    ]);
    expect(steps).toBe(6);
  });

  it("show the sampler within a time from 1 to 0", async () => {
    const seen: [number, number][] = [];
    const watched = randomSampler({ steps: 4 });
    const sampler = blocksSampler({
      size: 8,
      sampler: {
        ...watched,
        request: (row: SamplerRow) => {
          seen.push([row.t, row.s]);
          return watched.request(row);
        },
      },
    });
    await run(sampler, page("_".repeat(16)));
    const once = [
      [1, 0.75],
      [0.75, 0.5],
      [0.5, 0.25],
      [0.25, 0],
    ];
    expect(seen).toEqual([...once, ...once]);
  });

  it("of the whole text are the sampler within", async () => {
    const canvas = page("01____________23", "________________");
    for (const make of [
      () => confidenceSampler({ steps: 5 }),
      () => remdmSampler({ steps: 12, eta: 0.5 }),
      thresholdSampler,
    ]) {
      const whole = await run(blocksSampler({ size: 16, sampler: make() }), canvas);
      const plain = await run(make(), canvas);
      expect(whole.ids).toEqual(plain.ids);
      expect(whole.forwards).toBe(plain.forwards);
    }
  });

  it("of one token are left-to-right writing, with the sampler's own rule for a token", async () => {
    const canvas = page("01____________23");
    const one = await run(blocksSampler({ size: 1, sampler: randomSampler({ steps: 1 }) }), canvas);
    expect(one.ids).toEqual((await run(leftToRightSampler(), canvas)).ids);
  });

  it("revise within the current block only", async () => {
    for (const inner of [remaskingSampler({ steps: 4 }), editingSampler({ editThreshold: 0.1 })]) {
      const { events } = await run(blocksSampler({ size: 4, sampler: inner }), page("_".repeat(16)));
      const blocks = events.map(({ revealed, remasked }) => [
        ...new Set([...revealed, ...remasked].map(({ position }) => Math.floor(position / 4))),
      ]);
      expect(blocks.every((touched) => touched.length <= 1)).toBe(true);
      const order = blocks.flat();
      expect(order).toEqual(order.slice().sort((a, b) => a - b));
    }
  });

  it("within blocks have steps of their own", async () => {
    const sampler = blocksSampler({
      size: 8,
      sampler: blocksSampler({ size: 3, sampler: randomSampler({ steps: 2 }) }),
    });
    // Blocks of 8 and 8 and 4, each in parts of 3: (3 + 3 + 2) and (3 + 1), two steps a part.
    expect((await run(sampler, page("_".repeat(20)))).steps).toBe(16);
  });
});

/**
 * LLaDA's loop, restated: the gap is cut into blocks, each block into steps with quotas of `base` and one more in the
 * first ones, and in each step the surest masks of the block take their argmax.
 */
async function lladaBlocks(canvas: Canvas, size: number, steps: number): Promise<Int32Array> {
  const ids = canvas.ids.slice();
  const first = ids.indexOf(maskTokenId);
  for (let start = first; start < canvas.seq; start += size) {
    const stop = Math.min(start + size, canvas.seq);
    const count = stop - start;
    for (let step = 0; step < steps; step++) {
      const masked = [...ids.keys()].filter((at) => at >= start && at < stop && ids[at] === maskTokenId);
      if (masked.length === 0) continue;
      const positions = Int32Array.from(masked);
      const answer = await fake.denoise({ ...canvas, ids, time: new Float64Array([1]), positions });
      const table = await answer.logProbs();
      const guesses = masked.map((position, index) => {
        const row = table.subarray(index * vocabularySize, (index + 1) * vocabularySize);
        const token = row.indexOf(Math.max(...row));
        return { position, token, score: row[token] };
      });
      const quota = Math.floor(count / steps) + Number(step < count % steps);
      for (const { position, token } of guesses.sort((a, b) => b.score - a.score).slice(0, quota)) {
        ids[position] = token;
      }
    }
  }
  return ids;
}

it.each([
  [4, 4],
  [8, 3],
  [5, 2],
  [16, 16],
  [7, 7],
])("are LLaDA's blocks token for token: blocks of %i in %i steps", async (size, steps) => {
  const canvas = page("0123____________________");
  const sampler = blocksSampler({ size, sampler: confidenceSampler({ steps, quota: "llada" }) });
  expect((await run(sampler, canvas)).ids).toEqual(await lladaBlocks(canvas, size, steps));
});

describe("an end", () => {
  const samplers: Record<string, () => Sampler> = {
    random: () => randomSampler({ steps: 3 }),
    confidence: () => confidenceSampler({ steps: 4, temperature: 1 }),
    threshold: thresholdSampler,
    editing: () => editingSampler({ editThreshold: 0.2 }),
    remasking: () => remaskingSampler({ steps: 3 }),
    remdm: () => remdmSampler({ steps: 6, eta: 0.5 }),
  };
  const gaps = fc.stringMatching(/^[0-9_]{0,8}_{8,20}$/);

  it("stops a row iff it stands in the blocks that are done, with no other text: the rest is what it would have been", async () => {
    let stopped = 0;
    await fc.assert(
      fc.asyncProperty(
        gaps,
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom(...Object.keys(samplers)),
        fc.nat(1000),
        async (row, size, name, seed) => {
          const canvas = page(row);
          const sampler = (stop: boolean) => blocksSampler({ size, stop, sampler: samplers[name]() });
          const ended = await run(sampler(true), canvas, { ends: [end], seed });
          const whole = await run(sampler(false), canvas, { ends: [end], seed });
          // The end that counts: everything after it may be filled.
          const lastLocked = canvas.editable.lastIndexOf(0);
          const at = whole.ids.findIndex(
            (id, position) => id === end && position > lastLocked && canvas.editable[position] === 1,
          );
          const filled = whole.ids.map((id, position) => (at >= 0 && position > at ? end : id));
          expect(ended.ids).toEqual(filled);
          expect(ended.forwards).toBeLessThanOrEqual(whole.forwards);
          const editable = [...canvas.editable.keys()].filter((position) => canvas.editable[position] === 1);
          const blockOf = (position: number) => Math.floor(editable.indexOf(position) / size);
          if (at >= 0 && blockOf(at) < blockOf(editable[editable.length - 1])) {
            stopped++;
            const touched = ended.events.flatMap(({ revealed, remasked }) => [...revealed, ...remasked]);
            const drawn = touched.filter(({ logProb, to }) => logProb !== undefined || to === maskTokenId);
            expect(Math.max(...drawn.map(({ position }) => blockOf(position)))).toBe(blockOf(at));
          }
        },
      ),
      { seed: 3, numRuns: 300 },
    );
    expect(stopped).toBeGreaterThan(50);
  });

  it("is free: once it stands, no row of the batch costs a forward", async () => {
    const ending = hostDenoiser({
      name: "ending",
      vocabularySize,
      predict: () => (position) =>
        new Float64Array(vocabularySize).map((_, id) =>
          id === (position < 3 ? position : end) ? 0 : Number.NEGATIVE_INFINITY,
        ),
    });
    const sampler = blocksSampler({ size: 4, sampler: confidenceSampler({ steps: 4 }) });
    const { events, ids, forwards, steps } = await run(sampler, page("_".repeat(64)), {
      ends: [end],
      denoiser: ending,
    });
    expect({ forwards, steps }).toEqual({ forwards: 4, steps: 4 });
    expect([...ids.subarray(0, 5)]).toEqual([0, 1, 2, end, end]);
    expect(events.at(-1)).toMatchObject({ masked: 0, finishedRows: [0] });
  });

  it("does not stop a row when the request allows none", async () => {
    const size = 2;
    const canvas = page("_".repeat(24));
    const once = await run(blocksSampler({ size, sampler: randomSampler({ steps: 1 }) }), canvas);
    expect(once.ids.includes(end)).toBe(true);
    expect(once.forwards).toBe(12);
  });
});

it("blocks refuse sizes below 1 and unknown options", () => {
  expect(() => blocksSampler({ size: 0 })).toThrow(/sampler\.size.*CONFIG_INVALID/);
  expect(() => blocksSampler({ length: 3 } as never)).toThrow(/sampler\.length.*"size".*UNKNOWN_OPTION/);
});
