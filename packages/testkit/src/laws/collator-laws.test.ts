import type { Collator, NoisedBatch, NoiseSchedule } from "@textdiffusion/core";
import { DiffusionError } from "@textdiffusion/core";
import { describe, expect, it } from "vitest";
import { collatorLaws, type Law, letterTokenizer, powerNoise } from "../index.js";

const tokenizer = letterTokenizer("abcdefgh");
const rowLength = 16;
const options = { tokenizer, rowLength, keptPrefix: 2 };

/** Linear noise, a time for each row, at least one mask in a row that can have one; mean cross entropy of the masks. */
const plain: Collator = {
  name: "plain",
  collate: (rows, random) => {
    if (rows.length === 0 || rows.some(({ ids }) => ids.length === 0 || ids.length > rowLength)) {
      throw new DiffusionError({
        code: "DATA_INVALID",
        component: "x/y",
        problem: "expected rows",
        remedy: "Give some",
      });
    }
    const seq = Math.max(...rows.map(({ ids }) => ids.length));
    const size = rows.length * seq;
    const batch = {
      batch: rows.length,
      seq,
      cleanIds: new Int32Array(size).fill(tokenizer.special.pad ?? 0),
      noisedIds: new Int32Array(size).fill(tokenizer.special.pad ?? 0),
      noiseMask: new Uint8Array(size),
      attentionMask: new Uint8Array(size),
      time: Float64Array.from(rows, (_, row) => random.split("time").uniform(row)),
      lossWeight: new Float32Array(size),
      lossDenominator: 0,
      maskableCount: 0,
    };
    rows.forEach(({ ids, promptLength = 0 }, row) => {
      const maskable = [...ids.keys()].filter(
        (position) => position >= Math.max(2, promptLength) && !tokenizer.specialIds.includes(ids[position]),
      );
      const uniform = random.split("noise", row);
      let masked = maskable.filter((position) => uniform.uniform(position) < batch.time[row]);
      if (masked.length === 0) masked = maskable.slice(0, 1);
      for (const [position, id] of ids.entries()) {
        const index = row * seq + position;
        const noise = masked.includes(position);
        batch.cleanIds[index] = id;
        batch.noisedIds[index] = noise ? tokenizer.special.mask : id;
        batch.noiseMask[index] = Number(noise);
        batch.attentionMask[index] = 1;
        batch.lossWeight[index] = Number(noise);
      }
      batch.lossDenominator += masked.length;
      batch.maskableCount += maskable.length;
    });
    return batch;
  },
};

async function broken(laws: readonly Law[]): Promise<string[]> {
  const names: string[] = [];
  for (const law of laws) {
    try {
      await law.run();
    } catch {
      names.push(law.name);
    }
  }
  return names;
}

/** The plain collator with something done to its batches. */
const changed = (change: (batch: NoisedBatch) => Partial<NoisedBatch>): Collator => ({
  ...plain,
  collate: (rows, random) => {
    const batch = plain.collate(rows, random);
    return { ...batch, ...change(batch) };
  },
});

describe("collatorLaws", () => {
  it("hold for a collator of thirty lines", async () => {
    expect(await broken(collatorLaws(() => plain, options))).toEqual([]);
  });

  let calls = 0;
  const wrong: Record<string, { collator: Collator; breaks: string[] }> = {
    "noise that is a random token": {
      collator: changed(({ noisedIds, noiseMask }) => ({
        noisedIds: noisedIds.map((id, at) => (noiseMask[at] ? 5 : id)),
      })),
      breaks: ["noise-is-the-mask"],
    },
    "noise everywhere": {
      collator: changed(({ noisedIds, noiseMask, lossWeight }) => ({
        noisedIds: noisedIds.map(() => tokenizer.special.mask),
        noiseMask: noiseMask.map(() => 1),
        lossWeight: lossWeight.map(() => 1),
      })),
      breaks: [
        "spares-special-tokens",
        "spares-prompts",
        "spares-the-kept-prefix",
        "spares-what-is-not-attended",
        "has-a-denominator",
        "mask-rate-matches-time",
      ],
    },
    "text that changes": {
      collator: changed(({ cleanIds }) => ({ cleanIds: cleanIds.map((id) => (id === 5 ? 6 : id)) })),
      breaks: ["keeps-the-text"],
    },
    "randomness of its own": {
      collator: changed(({ time }) => ({ time: time.map((t) => t * (1 - 1e-6 * (calls++ % 7))) })),
      breaks: ["repeats-with-its-random"],
    },
    "another clock": {
      collator: changed(({ time }) => ({ time: time.map((t) => t ** 2) })),
      breaks: ["mask-rate-matches-time"],
    },
    "a time of 0": {
      collator: changed(({ time }) => ({ time: time.map(() => 0) })),
      breaks: ["has-its-shapes", "mask-rate-matches-time"],
    },
    "weights without noise": {
      collator: changed(({ lossWeight }) => ({ lossWeight: lossWeight.map(() => 1) })),
      breaks: ["weighs-noise-only"],
    },
    "a denominator of 0": {
      collator: changed(() => ({ lossDenominator: 0 })),
      breaks: ["has-a-denominator"],
    },
    "a clipped batch": {
      collator: changed(({ noiseMask }) => ({ noiseMask: noiseMask.slice(1) })),
      breaks: ["has-its-shapes"],
    },
    "rows of any length": {
      collator: {
        ...plain,
        collate: (rows, random) =>
          plain.collate(
            rows.length && rows[0].ids.length && rows[0].ids.length <= rowLength
              ? rows
              : [{ ids: new Int32Array(3) }],
            random,
          ),
      },
      breaks: ["rejects-bad-rows"],
    },
  };
  it.each(Object.entries(wrong))("catch %s", async (_, { collator, breaks }) => {
    expect(await broken(collatorLaws(() => collator, options))).toEqual(expect.arrayContaining(breaks));
  });
});

describe("collatorLaws of noise that differs between positions", () => {
  /** Odd positions are masked as by t^2, even ones so that the mean of both is linear. */
  const uneven: NoiseSchedule = {
    ...powerNoise(1),
    perPosition: {
      dependsOn: "places",
      curves: () => (position) =>
        position % 2 === 1
          ? powerNoise(2)
          : { alpha: (t) => (1 - t) ** 2, alphaDerivative: (t) => 2 * t - 2, maskRate: (t) => t * (2 - t) },
    },
  };

  it("catch a collator that masks all positions alike", async () => {
    const laws = collatorLaws(() => plain, { ...options, schedule: uneven });
    expect(await broken(laws)).toEqual(["mask-rates-match-positions"]);
  });
});

describe("collatorLaws of copies and of padding on the left", () => {
  const twice = changed((batch) => {
    const copied = <Values extends Int32Array | Uint8Array | Float32Array | Float64Array>(values: Values) => {
      const both = new (values.constructor as new (length: number) => Values)(2 * values.length);
      both.set(values);
      both.set(values, values.length);
      return both;
    };
    return {
      batch: 2 * batch.batch,
      cleanIds: copied(batch.cleanIds),
      noisedIds: copied(batch.noisedIds),
      noiseMask: copied(batch.noiseMask),
      attentionMask: copied(batch.attentionMask),
      time: copied(batch.time),
      lossWeight: copied(batch.lossWeight),
      lossDenominator: 2 * batch.lossDenominator,
      maskableCount: 2 * batch.maskableCount,
    };
  });

  it("hold for each row given twice, and not for some of them", async () => {
    expect(await broken(collatorLaws(() => twice, options))).toEqual([]);
    const some = changed((batch) => ({ batch: batch.batch + 1 }));
    expect(await broken(collatorLaws(() => some, options))).toContain("has-its-shapes");
  });

  it("tell the sides of the padding apart", async () => {
    expect(await broken(collatorLaws(() => plain, { ...options, paddingSide: "left" }))).toContain(
      "keeps-the-text",
    );
  });
});
