import { type Denoiser, type DenoiserInput, Random, type TokenDistributions } from "@textdiffusion/core";
import { denoiserLaws, fakeDenoiser } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import { reusingDenoiser } from "./reusing-denoiser.js";

const options = { vocabularySize: 7, maskTokenId: 6 };
const seq = 4;

/** A fake denoiser that tells how many rows each call had, and how many of its answers are not disposed of. */
function watched({ timeConditioned = false } = {}) {
  const inner = fakeDenoiser(options);
  const rows: number[] = [];
  let alive = 0;
  const denoiser: Denoiser = {
    ...inner,
    timeConditioned,
    denoise: async (input) => {
      rows.push(input.batch);
      const answer = await inner.denoise(input);
      alive++;
      return {
        ...answer,
        dispose: () => {
          alive--;
        },
      };
    },
  };
  return { denoiser, rows, alive: () => alive };
}

function question(
  rows: readonly (readonly number[])[],
  positions: readonly number[],
  time = 1,
): DenoiserInput {
  return {
    batch: rows.length,
    seq,
    ids: Int32Array.from(rows.flat()),
    attentionMask: new Uint8Array(rows.length * seq).fill(1),
    time: new Float64Array(rows.length).fill(time),
    positions: Int32Array.from(positions),
  };
}

const [one, two] = [
  [1, 6, 6, 6],
  [2, 6, 3, 6],
];

async function take<Value>(answer: Promise<TokenDistributions>, read: (answer: TokenDistributions) => Value) {
  const distributions = await answer;
  try {
    return await read(distributions);
  } finally {
    distributions.dispose();
  }
}

describe("reusingDenoiser", () => {
  for (const law of denoiserLaws(() => reusingDenoiser(fakeDenoiser(options)), options)) {
    it(law.name, () => law.run());
  }

  it("answers as the denoiser itself, whatever was asked before", async () => {
    const random = Random.fromSeed(1);
    const reusing = reusingDenoiser(fakeDenoiser(options));
    const rule = { temperature: 0.9, topP: 0.9 };
    for (let call = 0; call < 60; call++) {
      const stream = random.split(call);
      // Few different rows, so that many are alike, in a call and from call to call.
      const rows = Array.from({ length: 1 + stream.integer(4, 0) }, (_, row) => [
        stream.integer(2, 1 + row),
        6,
        6,
        6,
      ]);
      const asked = Array.from({ length: rows.length * seq }, (_, flat) => flat).filter(
        (flat) => flat % seq === 1 || stream.split("asked").uniform(flat) < 0.5,
      );
      const input = question(rows, asked);
      const uniforms = Float64Array.from(asked, (flat) => stream.split("uniform").uniform(flat));
      const restrictions = asked.map((flat) => (flat % 3 === 0 ? { banned: [1 + (flat % 4)] } : undefined));
      const answers = await Promise.all(
        [reusing, fakeDenoiser(options)].map((denoiser) =>
          take(denoiser.denoise(input), async (answer) => [
            await answer.draw(rule, uniforms, [0], restrictions),
            await answer.logProbs(),
            await answer.logProbsOf(Int32Array.from(asked, (flat) => flat % 6)),
          ]),
        ),
      );
      expect(answers[0]).toEqual(answers[1]);
    }
  });

  it("computes what changed, and once what is alike", async () => {
    const { denoiser, rows } = watched();
    const reusing = reusingDenoiser(denoiser);
    const costOf = (input: DenoiserInput) => take(reusing.denoise(input), ({ cost }) => cost);
    expect(await costOf(question([one, one, two], [1, 2, 5, 9]))).toEqual({ forwards: 1, rowForwards: 2 });
    expect(await costOf(question([one, two], [1, 5]))).toEqual({ forwards: 0, rowForwards: 0 });
    expect(await costOf(question([two, [1, 5, 6, 6]], [1, 6]))).toEqual({ forwards: 1, rowForwards: 1 });
    expect(await costOf(question([two], [3]))).toEqual({ forwards: 1, rowForwards: 1 }); // asked for more than before
    expect(rows).toEqual([2, 1, 1]);
  });

  it.each([
    ["attention", (input: DenoiserInput) => ({ ...input, attentionMask: Uint8Array.of(1, 1, 1, 0) })],
    ["the prompt", (input: DenoiserInput) => ({ ...input, editable: Uint8Array.of(0, 1, 1, 1) })],
  ])("computes again when %s changes", async (_, change) => {
    const { denoiser, rows } = watched();
    const reusing = reusingDenoiser(denoiser);
    const input = question([one], [1]);
    for (const asked of [input, input, change(input), change(input)])
      (await reusing.denoise(asked)).dispose();
    expect(rows).toEqual([1, 1]);
  });

  it.each([
    [true, 2],
    [false, 1],
  ])("looks at the time when time conditioned is %s", async (timeConditioned, calls) => {
    const { denoiser, rows } = watched({ timeConditioned });
    const reusing = reusingDenoiser(denoiser);
    for (const time of [1, 0.5]) (await reusing.denoise(question([one], [1], time))).dispose();
    expect(rows.length).toBe(calls);
  });

  it("keeps what the last call used and nothing else, in whatever order things are disposed of", async () => {
    const { denoiser, alive } = watched();
    const reusing = reusingDenoiser(denoiser);
    const first = await reusing.denoise(question([one], [1]));
    expect(alive()).toBe(1);
    const second = await reusing.denoise(question([two], [1]));
    expect(alive()).toBe(2); // the first is no longer kept, but not disposed of
    first.dispose();
    first.dispose();
    expect(alive()).toBe(1);
    second.dispose();
    expect(alive()).toBe(1);
    const again = await reusing.denoise(question([two], [1]));
    reusing.dispose();
    expect((await again.logProbs()).length).toBe(7);
    again.dispose();
    expect(alive()).toBe(0);
  });

  it("keeps what it had when a forward fails, and lets nothing leak", async () => {
    const { denoiser, alive } = watched();
    let fails = false;
    const reusing = reusingDenoiser({
      ...denoiser,
      denoise: (input) => (fails ? Promise.reject(new Error("no")) : denoiser.denoise(input)),
    });
    (await reusing.denoise(question([one], [1]))).dispose();
    fails = true;
    await expect(reusing.denoise(question([one, two], [1, 5]))).rejects.toThrow("no");
    expect((await take(reusing.denoise(question([one], [1])), ({ cost }) => cost))?.forwards).toBe(0);
    reusing.dispose();
    expect(alive()).toBe(0);
  });
});
