import {
  type Canvas,
  type Denoiser,
  DiffusionError,
  type Sampler,
  type SamplerRow,
} from "@textdiffusion/core";
import { fakeDenoiser, oracleDenoiser, uniformDenoiser } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import {
  failsWith,
  fake,
  leftToRight,
  loop,
  maskTokenId,
  page,
  rewriting,
  run,
  vocabularySize,
} from "./small-runs.js";

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

  it("carry the mean entropy of the masks that the model was asked about, not of what stands already", async () => {
    const canvas = page("01____", "0_____");
    const sampler: Sampler = {
      ...rewriting(3), // asks about all that it may write
      decide: (row, { positions }) => {
        const open = [...positions.keys()].filter((index) => row.masked.includes(positions[index]));
        return { commit: row.step === 2 ? open : open.slice(0, 2), remask: [] };
      },
    };
    const { steps } = await run({ canvas, sampler });
    const ids = canvas.ids.slice();
    for (const { maskedEntropy, revealed } of steps) {
      const masked = [...ids.keys()].filter((index) => ids[index] === maskTokenId);
      const answer = await fake.denoise({
        ...canvas,
        ids,
        time: new Float64Array(2),
        positions: Int32Array.from(masked),
      });
      const table = await answer.logProbs();
      const terms = table.map((logProb) =>
        logProb === Number.NEGATIVE_INFINITY ? 0 : -logProb * Math.exp(logProb),
      );
      const mean = terms.reduce((sum, term) => sum + term, 0) / masked.length;
      expect(maskedEntropy).toBeCloseTo(mean, 5);
      for (const { row, position, to } of revealed) ids[row * canvas.seq + position] = to;
    }
    expect(steps.map(({ masked }) => masked)).toEqual([5, 1, 0]);
  });

  it("carry no entropy where the model was not asked", async () => {
    const sampler: Sampler = {
      ...leftToRight,
      steps: 9,
      decide: (_, { positions }) => ({ commit: [...positions.keys()], remask: [] }),
      request: (row) => (row.step < 5 ? new Int32Array(0) : row.masked.slice(0, 1)),
    };
    const steps = (await run({ canvas: page("01____"), sampler })).steps;
    expect(steps.map(({ maskedEntropy }) => maskedEntropy === undefined)).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
      false,
      false,
      false,
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
