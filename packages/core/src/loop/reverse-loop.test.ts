import {
  fakeDenoiser,
  hostDenoiser,
  hostDistributions,
  oracleDenoiser,
  powerNoise,
  uniformDenoiser,
} from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import type { Denoiser } from "../contracts/denoiser.js";
import type { Sampler, SamplerRow } from "../contracts/sampler.js";
import { DiffusionError, type ErrorCode } from "../errors/diffusion-error.js";
import type { Canvas } from "../values/canvas.js";
import type { GenerationEvent, GenerationFinished, StepFinished } from "./events.js";
import { reverseLoop } from "./reverse-loop.js";

const vocabularySize = 12;
const maskTokenId = 11;
const fake = fakeDenoiser({ vocabularySize, maskTokenId });

/** One masked position a step, from the left, until none is left. */
const leftToRight: Sampler = {
  name: "left-to-right",
  tokenRule: { temperature: 1 },
  steps: "until-done",
  revises: false,
  request: (row) => row.masked.slice(0, 1),
  decide: () => ({ commit: [0], remask: [] }),
};

/** Everything at once, in each of a number of steps. */
const rewriting = (steps: number): Sampler => ({
  name: "rewriting",
  tokenRule: { temperature: 1 },
  steps,
  revises: true,
  request: (row) => row.editablePositions,
  decide: (_, draws) => ({ commit: [...draws.positions.keys()], remask: [] }),
});

/** `_` is a mask, a digit a fixed token. */
function page(...rows: string[]): Canvas {
  const cells = [...rows.join("")];
  return {
    batch: rows.length,
    seq: rows[0].length,
    ids: Int32Array.from(cells, (cell) => (cell === "_" ? maskTokenId : Number(cell))),
    attentionMask: new Uint8Array(cells.length).fill(1),
    editable: Uint8Array.from(cells, (cell) => Number(cell === "_")),
  };
}

interface Changes {
  readonly canvas?: Canvas;
  readonly sampler?: Sampler;
  readonly denoiser?: Denoiser;
  readonly seed?: number;
  readonly suppressed?: readonly number[];
  readonly signal?: AbortSignal;
}

function loop({
  canvas = page("01____"),
  sampler = leftToRight,
  denoiser = fake,
  seed = 0,
  ...rest
}: Changes) {
  return reverseLoop({ canvas, sampler, denoiser, seed, maskTokenId, schedule: powerNoise(1), ...rest });
}

async function run(changes: Changes) {
  const events: GenerationEvent[] = [];
  for await (const event of loop(changes)) events.push(event);
  const steps = events.filter((event): event is StepFinished => event.kind === "step");
  return { events, steps, finished: events.at(-1) as GenerationFinished };
}

const failsWith = (code: ErrorCode, pattern: RegExp, changes: Changes) =>
  expect(run(changes)).rejects.toSatisfy((error) => {
    expect(String(error)).toMatch(pattern);
    return DiffusionError.is(error, code);
  });

describe("events", () => {
  it("start with the page, go step by step, and end with the text", async () => {
    const { events, steps, finished } = await run({ canvas: page("01____", "0____5") });
    expect(events.map(({ kind }) => kind)).toEqual(["started", "step", "step", "step", "step", "finished"]);
    expect(events[0]).toMatchObject({ batch: 2, seq: 6, steps: undefined });
    expect(
      steps.map(({ step, masked, forwards, rowForwards }) => [step, masked, forwards, rowForwards]),
    ).toEqual([
      [0, 6, 1, 2],
      [1, 4, 2, 4],
      [2, 2, 3, 6],
      [3, 0, 4, 8],
    ]);
    expect(finished).toMatchObject({ steps: 4, forwards: 4, rowForwards: 8 });
  });

  it("replayed on the first page give the last one", async () => {
    const canvas = page("01____", "______", "0123_5");
    const { steps, finished } = await run({ canvas, sampler: rewriting(5) });
    const ids = canvas.ids.slice();
    for (const { revealed, remasked } of steps) {
      for (const { row, position, from, to } of [...revealed, ...remasked]) {
        expect(ids[row * canvas.seq + position]).toBe(from);
        ids[row * canvas.seq + position] = to;
      }
    }
    expect(ids).toEqual(finished.ids);
  });

  it("carry what the draw said: log-probability 0, entropy 0 and margin 1 of an oracle", async () => {
    const { steps } = await run({ denoiser: oracleDenoiser({ vocabularySize, text: [0, 1, 2, 3, 4, 5] }) });
    expect(steps[0].revealed).toEqual([
      { row: 0, position: 2, from: maskTokenId, to: 2, logProb: 0, entropy: 0, margin: 1 },
    ]);
  });

  it("do not change the canvas that was passed in, nor each other's copies", async () => {
    const canvas = page("01____");
    const before = canvas.ids.slice();
    const { events } = await run({ canvas });
    expect(canvas.ids).toEqual(before);
    expect((events[0] as { ids: Int32Array }).ids).toEqual(before);
  });
});

describe("time", () => {
  async function clock(sampler: Sampler, canvas: Canvas): Promise<[number, number][]> {
    return (await run({ canvas, sampler })).steps.map(({ t, s }) => [t, s]);
  }

  it("falls from 1 to 0 on a uniform grid", async () => {
    expect(await clock(rewriting(4), page("01____"))).toEqual([
      [1, 0.75],
      [0.75, 0.5],
      [0.5, 0.25],
      [0.25, 0],
    ]);
  });

  it("is the share of masks for a sampler without a grid", async () => {
    expect((await clock(leftToRight, page("01____"))).map(([t]) => t)).toEqual([1, 0.75, 0.5, 0.25]);
  });
});

describe("cost", () => {
  it("a row that is done leaves the batch", async () => {
    const { steps, finished } = await run({ canvas: page("01234_", "______", "012345") });
    expect(steps.map(({ finishedRows }) => finishedRows)).toEqual([[0], [], [], [], [], [1]]);
    expect(finished.rowForwards).toBe(2 + 5);
  });

  it("is what the denoiser says, where it says something, and it is told what is editable", async () => {
    const fake = fakeDenoiser({ vocabularySize, maskTokenId });
    const seen: (Uint8Array | undefined)[] = [];
    const denoiser: Denoiser = {
      ...fake,
      denoise: async (input) => {
        seen.push(input.editable);
        return { ...(await fake.denoise(input)), cost: { forwards: 2, rowForwards: 5 } };
      },
    };
    const { finished } = await run({ denoiser, canvas: page("0123__") });
    expect(finished).toMatchObject({ forwards: 4, rowForwards: 10 });
    expect(seen).toEqual(new Array(2).fill(Uint8Array.of(0, 0, 0, 0, 1, 1)));
  });

  it("a page without gaps costs nothing", async () => {
    const { events, finished } = await run({ canvas: page("012345"), sampler: rewriting(9) });
    expect(events.map(({ kind }) => kind)).toEqual(["started", "finished"]);
    expect(finished).toMatchObject({ steps: 0, forwards: 0 });
  });

  it("a step that asks for nothing costs no forward", async () => {
    const everyOther: Sampler = {
      ...rewriting(4),
      request: (row) => (row.step % 2 === 0 ? new Int32Array(0) : row.editablePositions),
    };
    const { finished } = await run({ sampler: everyOther });
    expect(finished).toMatchObject({ steps: 4, forwards: 2 });
  });

  it("disposes of every distribution, also when the draw fails", async () => {
    let live = 0;
    const counting = (fails: boolean): Denoiser => ({
      ...fake,
      denoise: async (input) => {
        const distributions = await fake.denoise(input);
        live++;
        return {
          ...distributions,
          draw: fails ? () => Promise.reject(new Error("device lost")) : distributions.draw,
          dispose: () => {
            live--;
          },
        };
      },
    });
    await run({ denoiser: counting(false) });
    expect(live).toBe(0);
    await expect(run({ denoiser: counting(true) })).rejects.toThrow("device lost");
    expect(live).toBe(0);
  });
});

describe("randomness", () => {
  it("depends on the seed and on the row's key, not on the row's place", async () => {
    const canvas = page("________", "________", "________");
    const keyed = (...rowKeys: number[]) => run({ canvas: { ...canvas, rowKeys }, sampler: rewriting(1) });
    const rows = async (...keys: number[]) => {
      const { ids } = (await keyed(...keys)).finished;
      return [0, 8, 16].map((from) => ids.slice(from, from + 8).join(" "));
    };
    const [a, b, c] = await rows(0, 1, 2);
    expect(new Set([a, b, c]).size).toBe(3);
    expect(await rows(2, 0, 1)).toEqual([c, a, b]);
    expect(await rows(7, 7, 7)).toEqual(new Array(3).fill((await rows(7, 8, 9))[0]));
    const { finished } = await run({ canvas, sampler: rewriting(1), seed: 1 });
    expect(finished.ids.slice(0, 8).join(" ")).not.toBe(a);
  });

  it("never draws what is suppressed", async () => {
    const suppressed = [0, 1, 2, 3, 4, 5];
    const denoiser = uniformDenoiser({ vocabularySize, maskTokenId });
    const { finished } = await run({
      canvas: page("_".repeat(200)),
      sampler: rewriting(1),
      denoiser,
      suppressed,
    });
    expect(finished.ids.some((id) => suppressed.includes(id))).toBe(false);
    expect(new Set(finished.ids)).toEqual(new Set([6, 7, 8, 9, 10]));
  });
});

it("a sampler sees its row: masks, reveal log-probabilities, no neighbours", async () => {
  const seen: { masked: number[]; revealed: boolean[] }[] = [];
  const watching: Sampler = {
    ...leftToRight,
    request: (row: SamplerRow) => {
      seen.push({
        masked: [...row.masked],
        revealed: [...row.revealLogProbs].map((logProb) => !Number.isNaN(logProb)),
      });
      return leftToRight.request(row);
    },
  };
  await run({ canvas: page("0_2_"), sampler: watching });
  expect(seen).toEqual([
    { masked: [1, 3], revealed: [false, false, false, false] },
    { masked: [3], revealed: [false, true, false, false] },
  ]);
});

it("a position that goes back to the mask forgets its log-probability", async () => {
  const seen: number[][] = [];
  const back: Sampler = {
    ...rewriting(3),
    decide: (row, draws) => {
      seen.push([...row.revealLogProbs].map(Number.isNaN).map(Number));
      return row.step === 1
        ? { commit: [], remask: [0] }
        : { commit: [...draws.positions.keys()], remask: [] };
    },
  };
  const { steps } = await run({ canvas: page("__"), sampler: back });
  expect(seen).toEqual([
    [1, 1],
    [0, 0],
    [1, 0],
  ]);
  expect(steps[1].remasked).toMatchObject([{ position: 0, to: maskTokenId }]);
});

describe("abort", () => {
  it("stops before the next step, with the reason", async () => {
    const controller = new AbortController();
    const steps: number[] = [];
    const consume = async () => {
      for await (const event of loop({ signal: controller.signal })) {
        if (event.kind === "step") steps.push(event.step);
        if (steps.length === 2) controller.abort("enough");
      }
    };
    await expect(consume()).rejects.toSatisfy(
      (error) => DiffusionError.is(error, "ABORTED") && error.cause === "enough",
    );
    expect(steps).toEqual([0, 1]);
  });

  it("never starts under an aborted signal", async () => {
    let asked = 0;
    const denoiser = {
      ...fake,
      denoise: (input: Parameters<Denoiser["denoise"]>[0]) => {
        asked++;
        return fake.denoise(input);
      },
    };
    await failsWith("ABORTED", /abort before step 0/, { denoiser, signal: AbortSignal.abort() });
    expect(asked).toBe(0);
  });

  it("leaving the loop early is enough to stop it", async () => {
    let asked = 0;
    const denoiser = {
      ...fake,
      denoise: (input: Parameters<Denoiser["denoise"]>[0]) => {
        asked++;
        return fake.denoise(input);
      },
    };
    for await (const event of loop({ denoiser })) if (event.kind === "step") break;
    expect(asked).toBe(1);
  });
});

describe("a sampler that breaks its contract", () => {
  const deciding = (decide: Sampler["decide"], steps: Sampler["steps"] = 2): Sampler => ({
    ...rewriting(2),
    steps,
    decide,
  });

  it.each([
    ["commits a draw that is not there", () => ({ commit: [99], remask: [] })],
    ["re-masks a locked position", () => ({ commit: [], remask: [0] })],
    ["re-masks outside the page", () => ({ commit: [], remask: [6] })],
    ["re-masks what is no position", () => ({ commit: [], remask: [Number.NaN] })],
  ])("%s", async (_, decide) => {
    await failsWith("LOCK_VIOLATED", /samplers\/rewriting.*editable/, { sampler: deciding(decide) });
  });

  it("requests and commits a locked position", async () => {
    const sampler: Sampler = { ...rewriting(1), request: (row) => Int32Array.from(row.ids.keys()) };
    await failsWith("LOCK_VIOLATED", /position 0 in step 0/, { sampler });
  });

  it.each([
    ["beyond the row", [2, 6]],
    ["before the row", [-1, 2]],
    ["out of order", [3, 2]],
    ["twice", [2, 2]],
  ])("requests positions %s", async (_, positions) => {
    const sampler: Sampler = { ...rewriting(1), request: () => Int32Array.from(positions) };
    await failsWith("SAMPLER_INVALID", /ascending/, { canvas: page("01____", "01____"), sampler });
  });

  it("decides twice on a position", async () => {
    await failsWith("SAMPLER_INVALID", /two for position 2/, {
      sampler: deciding(() => ({ commit: [0], remask: [2] })),
    });
    await failsWith("SAMPLER_INVALID", /two for position 2/, {
      sampler: deciding(() => ({ commit: [0, 0], remask: [] })),
    });
  });

  it("leaves masks after its last step", async () => {
    await failsWith("SAMPLER_INVALID", /no mask left after the last of 2 steps, got 3/, {
      sampler: deciding(() => ({ commit: [0], remask: [] })),
    });
  });

  it("runs until done and does nothing", async () => {
    await failsWith("SAMPLER_INVALID", /at least one committed token/, {
      sampler: deciding(() => ({ commit: [], remask: [] }), "until-done"),
    });
  });

  it.each([0, -1, 2.5, Number.NaN, Number.POSITIVE_INFINITY])("has %d steps", async (steps) => {
    await failsWith("SAMPLER_INVALID", /steps/, { sampler: rewriting(steps) });
  });
});

describe("a denoiser that breaks its contract", () => {
  const drawing = (token: number): Denoiser => ({
    ...fake,
    denoise: async (input) => {
      const distributions = await fake.denoise(input);
      return {
        ...distributions,
        draw: async (...asked) => {
          const draws = await distributions.draw(...asked);
          draws.tokens.fill(token);
          return draws;
        },
      };
    },
  });

  it.each([maskTokenId, vocabularySize, -1])("draws id %i", async (token) => {
    await failsWith("TOKEN_OUT_OF_RANGE", new RegExp(`denoisers/fake.*got ${token} in step 0`), {
      denoiser: drawing(token),
    });
  });

  it("has NaN in its weights", async () => {
    const broken = hostDenoiser({
      name: "broken",
      vocabularySize,
      predict: () => () => new Float64Array(vocabularySize).fill(Number.NaN),
    });
    await failsWith("NOT_A_NUMBER", /denoisers\/broken.*step 0/, { denoiser: broken });
  });

  it.each(["logProbs", "entropy", "margin"] as const)("answers NaN as %s", async (name) => {
    const denoiser: Denoiser = {
      ...fake,
      denoise: async (input) => {
        const distributions = await fake.denoise(input);
        return {
          ...distributions,
          draw: async (...asked) => {
            const draws = await distributions.draw(...asked);
            draws[name][0] = Number.NaN;
            return draws;
          },
        };
      },
    };
    await failsWith("NOT_A_NUMBER", new RegExp(`"${name}"`), { denoiser });
  });

  it("answers with too few draws", async () => {
    const denoiser: Denoiser = {
      ...fake,
      denoise: async () => hostDistributions([]),
    };
    await failsWith("SHAPE_MISMATCH", /expected 1 tokens from draw, got 0/, { denoiser });
  });
});

describe("a page that is none", () => {
  it("holds a mask where nothing may be written", async () => {
    const canvas = page("01____");
    canvas.editable[3] = 0;
    await failsWith("PROMPT_INVALID", /row 0 at position 3/, { canvas });
  });

  it("is longer than the denoiser can see", async () => {
    const denoiser = oracleDenoiser({ vocabularySize, text: [1, 2, 3] });
    await failsWith("PROMPT_INVALID", /at most 3 tokens.*got 6/, { denoiser });
  });

  it("has arrays of other shapes", async () => {
    await failsWith("SHAPE_MISMATCH", /editable of shape \[1, 6\]/, {
      canvas: { ...page("01____"), editable: new Uint8Array(5) },
    });
    await failsWith("SHAPE_MISMATCH", /one row key for each of 1 rows, got 2/, {
      canvas: { ...page("01____"), rowKeys: [1, 2] },
    });
  });

  it.each([Number.NaN, 0.5])("has %d as a row key", async (key) => {
    await failsWith("PROMPT_INVALID", /row key/, { canvas: { ...page("01____"), rowKeys: [key] } });
  });

  it.each([vocabularySize, -1])("holds id %i, which the denoiser does not know", async (id) => {
    const canvas = page("01____");
    canvas.ids[1] = id;
    await failsWith("TOKEN_OUT_OF_RANGE", /position 1/, { canvas });
  });

  it.each([Number.NaN, 1.5])("is asked for with seed %d", async (seed) => {
    await failsWith("CONFIG_INVALID", /seed/, { seed });
  });
});
