import {
  type Collator,
  createPipeline,
  type KnownChoice,
  type KnownName,
  type NoiseSchedule,
  Random,
  type Tokenizer,
  type TokenRow,
} from "@textdiffusion/core";
import { type CollatorLawOptions, chiSquare, collatorLaws, powerNoise } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import { dataPlugin } from "../data-plugin.js";
import { byteLevelTokenizer } from "../tokenizers/byte-level-tokenizer.js";
import { type GridCollatorOptions, gridCollator } from "./grid-collator.js";
import { lossReductionNames } from "./loss-reductions.js";
import { type StratifiedCollatorOptions, stratifiedCollator } from "./stratified-collator.js";

const tokenizer = byteLevelTokenizer();
const { mask, pad, begin, end } = tokenizer.special as Required<Tokenizer["special"]>;
const schedule: NoiseSchedule = powerNoise(1);
const grid = (options: GridCollatorOptions = {}) => gridCollator(options, { schedule, tokenizer });
const stratified = (options: StratifiedCollatorOptions = {}, of = schedule) =>
  stratifiedCollator(options, { schedule: of, tokenizer });
const textRow = (text: string): TokenRow => ({ ids: tokenizer.encode(text) });
const letters = textRow("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
const streams = (count: number) =>
  Array.from({ length: count }, (_, index) => Random.fromSeed(17).split("batch", index));
/** Everything maskable is masked: what the policies allow can be read off. */
const maskable = (rows: readonly TokenRow[], options: GridCollatorOptions, seed = 0) =>
  grid({ levels: 1, prefix: { kind: "none" }, ...options }).collate(rows, Random.fromSeed(seed));

/** The laws, with the skips of the definition. */
function obeys(make: (options: object) => Collator, options: Partial<CollatorLawOptions> = {}): void {
  const given = { tokenizer, rowLength: 40, schedule, ...options };
  for (const law of collatorLaws(() => make({ rowLength: 40 }), given)) {
    if (law.skip) it.skip(`${law.name}: ${law.skip}`, () => {});
    else it(`obeys the law ${law.name}`, () => law.run());
  }
}

describe.each([
  ["grid", 16, (options: object) => grid(options)],
  ["grid without prefix", 0, (options: object) => grid({ prefix: { kind: "none" }, ...options })],
  ["stratified", 0, (options: object) => stratified(options)],
  ["stratified, pads attended", 0, (options: object) => stratified({ padding: "attended", ...options })],
  [
    "stratified, prefix 5",
    5,
    (options: object) => stratified({ prefix: { kind: "fixed", length: 5 }, ...options }),
  ],
] as const)("%s", (_, keptPrefix, make) => {
  describe.each(lossReductionNames)("with %s", (reduction) => {
    obeys((options) => make({ reduction, ...options }), { keptPrefix });
  });
});

describe("stratified, pads trained as ends and special tokens maskable", () => {
  obeys((options) => stratified({ padding: "trained-as-end", keepSpecial: false, ...options }), {
    skip: [{ law: "spares-special-tokens", reason: "both options are there to mask them" }],
  });
});

describe("noise levels (chi-square, p > 1e-6: a false alarm in a million seeds)", () => {
  it("grid draws one rate a batch, each of its levels as often", () => {
    const counts = new Array(10).fill(0);
    const collator = grid({ prefix: { kind: "none" } });
    for (const random of streams(6_000)) {
      const { time } = collator.collate([textRow("a"), textRow("b")], random);
      expect(time[0]).toBe(time[1]);
      counts[Math.round(time[0] * 10) - 1]++;
    }
    expect(chiSquare(counts, new Array(10).fill(0.1)).pValue).toBeGreaterThan(1e-6);
  });

  it("grid names the time at which the schedule has its rate", () => {
    const square = gridCollator({ levels: 4 }, { schedule: powerNoise(2), tokenizer });
    for (const random of streams(20)) {
      const [time] = square.collate([letters], random).time;
      expect([0.25, 0.5, 0.75, 1].some((rate) => Math.abs(time ** 2 - rate) < 1e-12)).toBe(true);
    }
  });

  it("stratified puts one row of a batch in each n-th part of time, each row anywhere", () => {
    const [floor, n] = [0.1, 5];
    const counts = Array.from({ length: n }, () => new Array(20).fill(0));
    const collator = stratified({ floor });
    for (const random of streams(4_000)) {
      const { time } = collator.collate(new Array(n).fill(textRow("a")), random);
      const even = [...time].map((t) => (t - floor) / (1 - floor));
      expect(even.map((u) => Math.floor(u * n)).sort()).toEqual([0, 1, 2, 3, 4]);
      for (const [row, u] of even.entries()) counts[row][Math.floor(u * 20)]++;
    }
    for (const row of counts) expect(chiSquare(row, new Array(20).fill(1 / 20)).pValue).toBeGreaterThan(1e-6);
  });

  it("the number of masks of a row is binomial at its rate", () => {
    const n = 6;
    const byLevel = Array.from({ length: 4 }, () => new Array(n + 1).fill(0));
    const collator = grid({ levels: 4, prefix: { kind: "none" }, reduction: "uniform" });
    for (const random of streams(6_000)) {
      const batch = collator.collate([textRow("abcdef")], random);
      byLevel[Math.round(batch.time[0] * 4) - 1][batch.noiseMask.reduce((sum, noise) => sum + noise, 0)]++;
    }
    byLevel.forEach((counts, index) => {
      const m = (index + 1) / 4;
      const expected = counts.map((_, k) => choose(n, k) * m ** k * (1 - m) ** (n - k));
      expect(chiSquare(counts, expected).pValue).toBeGreaterThan(1e-6);
    });
  });

  it("each position is masked as often as any other", () => {
    const counts = new Array(8).fill(0);
    const collator = grid({ levels: 2, prefix: { kind: "none" } });
    for (const random of streams(20_000)) {
      const { noiseMask } = collator.collate([textRow("abcdefgh")], random);
      // At rate 1/2 one batch in 32 has one mask; at rate 1 all are masked.
      if (noiseMask.reduce((sum, noise) => sum + noise, 0) === 1) counts[noiseMask.indexOf(1)]++;
    }
    expect(chiSquare(counts, new Array(8).fill(1 / 8)).pValue).toBeGreaterThan(1e-6);
  });
});

describe("randomness", () => {
  const fields = ["noisedIds", "time", "lossWeight"] as const;

  it("is the stream's alone: the same stream, the same batch; another stream, another batch", () => {
    for (const collator of [grid(), stratified({ prefix: { kind: "random", maxShare: 0.5 } })]) {
      const one = collator.collate([letters, letters], Random.fromSeed(1));
      const same = collator.collate([letters, letters], Random.fromSeed(1));
      for (const field of fields) expect(same[field]).toEqual(one[field]);
      expect(collator.collate([letters, letters], Random.fromSeed(2)).noisedIds).not.toEqual(one.noisedIds);
    }
  });

  it("of a row does not depend on what the other rows hold", () => {
    const collate = (second: TokenRow) =>
      grid({ rowLength: 60 }).collate([letters, second], Random.fromSeed(4));
    const [one, other] = [collate(textRow("something else")), collate(letters)];
    expect(one.noisedIds.subarray(0, 60)).toEqual(other.noisedIds.subarray(0, 60));
    expect(other.noisedIds.subarray(0, 52)).not.toEqual(other.noisedIds.subarray(60, 112));
  });
});

describe("batches without a mask", () => {
  const single = textRow("a");

  it("get one mask where the loss divides by masks, and keep their expectation where it does not", () => {
    const forced = streams(300).map((random) =>
      stratified({ reduction: "masked-mean" }).collate([single], random),
    );
    for (const batch of forced) expect([batch.noiseMask[0], batch.lossDenominator]).toEqual([1, 1]);
    const free = streams(300).map((random) => stratified({ reduction: "bound" }).collate([single], random));
    expect(free.some(({ noiseMask }) => noiseMask[0] === 0)).toBe(true);
    for (const batch of free) {
      expect(batch.lossDenominator).toBe(1);
      expect(batch.lossWeight[0]).toBe(batch.noiseMask[0] === 1 ? Math.fround(1 / batch.time[0]) : 0);
    }
  });

  it("force the mask on any maskable position, and none on others", () => {
    const rows = [textRow("abc<mask>"), { ...textRow("abcd"), promptLength: 3 }];
    const counts = new Array(8).fill(0);
    const collator = grid({ levels: 1000, prefix: { kind: "none" } });
    for (const random of streams(8_000)) {
      const { noiseMask } = collator.collate(rows, random);
      if (noiseMask.reduce((sum, noise) => sum + noise, 0) === 1) counts[noiseMask.indexOf(1)]++;
    }
    const allowed = [0.25, 0.25, 0.25, 0, 0, 0, 0, 0.25];
    expect(chiSquare(counts, allowed).pValue).toBeGreaterThan(1e-6);
  });

  it("with nothing maskable have no loss at all, and no NaN", () => {
    for (const reduction of lossReductionNames) {
      const batch = stratified({ reduction }).collate([{ ...single, promptLength: 1 }], Random.fromSeed(1));
      expect([batch.maskableCount, batch.lossDenominator, batch.lossWeight[0]]).toEqual([0, 0, 0]);
    }
  });
});

describe("what may be masked", () => {
  const shown = (ids: Int32Array) => tokenizer.decode(ids, { keepSpecial: true });

  it("is never a prompt, nor the kept prefix, whichever is longer", () => {
    const prompted = { ...textRow("abcdefgh"), promptLength: 3 };
    expect(shown(maskable([prompted], {}).noisedIds)).toBe(`abc${"<mask>".repeat(5)}`);
    const fixed = (length: number) => maskable([prompted], { prefix: { kind: "fixed", length } }).noisedIds;
    expect(shown(fixed(5))).toBe(`abcde${"<mask>".repeat(3)}`);
    expect(shown(fixed(1))).toBe(`abc${"<mask>".repeat(5)}`);
    expect(shown(fixed(9))).toBe("abcdefgh");
  });

  it("grid keeps the first 16 tokens unless told otherwise", () => {
    const { noiseMask } = grid({ levels: 1 }).collate([letters], Random.fromSeed(1));
    expect([...noiseMask]).toEqual([...new Array(16).fill(0), ...new Array(36).fill(1)]);
  });

  it("leaves out a random prefix, 0 to maxShare of the row's own length, each length as often", () => {
    const counts = new Array(5).fill(0);
    for (let seed = 0; seed < 4_000; seed++) {
      const batch = maskable(
        [textRow("abcdefgh"), letters],
        { prefix: { kind: "random", maxShare: 0.5 } },
        seed,
      );
      counts[batch.noiseMask.indexOf(1)]++;
    }
    expect(chiSquare(counts, new Array(5).fill(0.2)).pValue).toBeGreaterThan(1e-6);
  });

  it("is no special token, or all but mask and pad", () => {
    const row = { ids: Int32Array.of(begin, 100, end, begin, mask, pad, 101, end) };
    expect([...maskable([row], {}).noiseMask]).toEqual([0, 1, 0, 0, 0, 0, 1, 0]);
    expect([...maskable([row], { keepSpecial: false }).noiseMask]).toEqual([1, 1, 1, 1, 0, 0, 1, 1]);
  });
});

describe("padding", () => {
  const rows = [textRow("abcd"), textRow("ab")];

  it("is ignored, attended to, or trained as the end", () => {
    const of = (padding: GridCollatorOptions["padding"]) => {
      const batch = maskable(rows, { padding });
      expect(batch.seq).toBe(4);
      return [batch.cleanIds, batch.attentionMask, batch.noiseMask].map((field) => [...field.slice(6)]);
    };
    expect(of("ignored")).toEqual([
      [pad, pad],
      [0, 0],
      [0, 0],
    ]);
    expect(of("attended")).toEqual([
      [pad, pad],
      [1, 1],
      [0, 0],
    ]);
    expect(of("trained-as-end")).toEqual([
      [end, end],
      [1, 1],
      [1, 1],
    ]);
  });

  it("goes to the row length when there is one", () => {
    const batch = maskable(rows, { rowLength: 7 });
    expect([batch.seq, batch.maskableCount]).toEqual([7, 6]);
    expect([...batch.attentionMask]).toEqual([1, 1, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]);
  });

  it("needs the token that it writes, and only when a row is short", () => {
    const bare: Tokenizer = {
      vocabularySize: tokenizer.vocabularySize,
      special: { mask },
      specialIds: [mask],
      encode: (text, options) => tokenizer.encode(text, options),
      decode: (ids, options) => tokenizer.decode(ids, options),
      token: (id) => tokenizer.token(id),
    };
    const collate = (padding: GridCollatorOptions["padding"], of: TokenRow[]) => () =>
      gridCollator({ padding }, { schedule, tokenizer: bare }).collate(of, Random.fromSeed(1));
    expect(collate("ignored", rows)).toThrow(/no pad token to pad with.*\(DATA_INVALID\)/);
    expect(collate("attended", rows)).toThrow(/no pad token/);
    expect(collate("trained-as-end", rows)).toThrow(/no end token/);
    expect(collate("ignored", [rows[0], rows[0]])).not.toThrow();
  });
});

describe("bad input", () => {
  const collate = (rows: TokenRow[]) => () => grid({ rowLength: 4 }).collate(rows, Random.fromSeed(1));

  it("is named with its row", () => {
    expect(collate([])).toThrow(/at least one row, got none.*\(DATA_INVALID\)/);
    expect(collate([textRow("ab"), textRow("")])).toThrow(/tokens in row 1, got none.*\(DATA_INVALID\)/);
    expect(collate([textRow("abcde")])).toThrow(/at most 4 tokens in row 0, got 5.*\(DATA_INVALID\)/);
    for (const promptLength of [-1, 3, 0.5, Number.NaN]) {
      expect(collate([{ ...textRow("ab"), promptLength }])).toThrow(/a prompt of 0 to 2 tokens in row 0/);
    }
    expect(collate([{ ids: Int32Array.of(5, 261) }])).toThrow(
      /got 261 in row 0 at position 1.*\(TOKEN_OUT_OF_RANGE\)/,
    );
    expect(collate([{ ids: Int32Array.of(-1) }])).toThrow(/TOKEN_OUT_OF_RANGE/);
  });

  it("in options is refused with the known ones", () => {
    const wrong = (options: object) => () => stratified(options as StratifiedCollatorOptions);
    expect(wrong({ levels: 3 })).toThrow(/collator\.levels\. Options: "cut", "floor", "keepSpecial"/);
    expect(wrong({ floor: 0 })).toThrow(/collator\.floor .*\(CONFIG_INVALID\)/);
    expect(wrong({ padding: "left" })).toThrow(/collator\.padding/);
    expect(wrong({ reduction: "mean" })).toThrow(/collator\.reduction/);
    expect(wrong({ prefix: { kind: "fixed" } })).toThrow(/collator\.prefix\.length/);
    expect(wrong({ prefix: { kind: "random", maxShare: 2 } })).toThrow(/collator\.prefix\.maxShare/);
    expect(wrong({ rowLength: 0 })).toThrow(/collator\.rowLength/);
    expect(() => grid({ levels: 0 })).toThrow(/collator\.levels/);
  });
});

describe("in a config", () => {
  it("both are made by name, with the pipeline's schedule and tokenizer", async () => {
    const named = async (collator: KnownName<"collator"> | KnownChoice<"collator">): Promise<Collator> => {
      const pipeline = await createPipeline({
        plugins: [dataPlugin],
        tokenizer: "byte-level",
        schedule,
        collator,
      });
      return pipeline.get("collator");
    };
    const random = Random.fromSeed(3);
    const made = (await named({ name: "grid", levels: 3 })).collate([letters], random);
    expect(made).toEqual(grid({ levels: 3 }).collate([letters], random));
    expect((await named("stratified")).collate([letters], random)).toEqual(
      stratified().collate([letters], random),
    );
  });
});

function choose(n: number, k: number): number {
  return k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k;
}
