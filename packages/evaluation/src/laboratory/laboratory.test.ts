import type { Denoiser, NoiseSchedule, Sampler } from "@textdiffusion/core";
import { fakeDenoiser, letterTokenizer, oracleDenoiser } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import { byteNGramScorer } from "../scorers/byte-n-gram-scorer.js";
import { type LaboratoryEntry, type LaboratoryOptions, laboratory } from "./laboratory.js";
import { laboratoryTable } from "./laboratory-table.js";
import type { LaboratoryEvent, LaboratoryReport } from "./records.js";

const tokenizer = letterTokenizer("abcdef");
const { mask } = tokenizer.special;
const linear: NoiseSchedule = {
  name: "linear",
  epsilon: 0,
  alpha: (t) => 1 - t,
  alphaDerivative: () => -1,
  timeAt: (alpha) => 1 - alpha,
};

/** From left to right, so many tokens a step. */
function leftToRight(tokens: number): LaboratoryEntry {
  const sampler: Sampler = {
    name: "left-to-right",
    tokenRule: { temperature: 1 },
    steps: "until-done",
    revises: false,
    request: (row) => row.masked.slice(0, tokens),
    decide: (_row, draws) => ({ commit: [...draws.positions.keys()], remask: [] }),
  };
  return { label: "left-to-right", config: { name: "left-to-right", tokens }, sampler };
}

const fake: Denoiser = fakeDenoiser({ vocabularySize: tokenizer.vocabularySize, maskTokenId: mask });
const options = (changes: Partial<LaboratoryOptions> = {}): LaboratoryOptions => ({
  denoiser: fake,
  tokenizer,
  schedule: linear,
  entries: [leftToRight(1), leftToRight(4)],
  scorer: byteNGramScorer("abcdefabcfedcba", { order: 3 }),
  samples: 5,
  length: 12,
  ...changes,
});

async function run(changes: Partial<LaboratoryOptions> = {}): Promise<LaboratoryReport> {
  for await (const event of laboratory(options(changes))) if (event.kind === "finished") return event.report;
  throw new Error("expected a report");
}

describe("laboratory", () => {
  it("sets quality against forwards: rows that passed the network for each sample", async () => {
    const { records } = await run();
    expect(records.map(({ forwards }) => forwards)).toEqual([12, 3]);
    expect(records.map(({ tokensPerForward }) => tokensPerForward)).toEqual([1, 4]);
    expect(records[0].texts).toHaveLength(5);
    expect(records[0].config).toEqual({ name: "left-to-right", tokens: 1 });
    for (const { texts } of records) for (const text of texts) expect(text).toMatch(/^[a-f]{12}$/);
  });

  it("begins every sample with the prompt, which is not measured, and says which denoiser an entry has", async () => {
    const seen: (Uint8Array | undefined)[] = [];
    const own: Denoiser = {
      ...fake,
      name: "own",
      denoise: (input) => {
        seen.push(input.editable);
        return fake.denoise(input);
      },
    };
    const entries = [leftToRight(4), { ...leftToRight(4), denoiser: own }];
    const report = await run({ prompt: "fade", entries, samples: 1 });
    expect(report.prompt).toBe("fade");
    expect(report.records.map(({ denoiser }) => denoiser)).toEqual(["fake", "own"]);
    expect(report.records[1].texts).toEqual(report.records[0].texts);
    expect(report.records[1].texts[0]).toMatch(/^[a-f]{8}$/);
    expect(seen[0]).toEqual(Uint8Array.of(0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1));
  });

  it("gives every sampler the same noise, and every sample its own", async () => {
    const { records } = await run({ entries: [leftToRight(2), leftToRight(2)] });
    expect(records[1].texts).toEqual(records[0].texts);
    expect(new Set(records[0].texts).size).toBe(5);
    const other = await run({ entries: [leftToRight(2)], seed: 1 });
    expect(other.records[0].texts).not.toEqual(records[0].texts);
  });

  it("does not depend on the batch", async () => {
    const measured = async (batchSize: number) => {
      const { records } = await run({ batchSize });
      return records.map(({ secondsPerSample: _, ...record }) => record);
    };
    expect(await measured(2)).toEqual(await measured(5));
  });

  it("measures natural text in the same way", async () => {
    const text = "abcdefabcfed";
    const denoiser = oracleDenoiser({
      vocabularySize: tokenizer.vocabularySize,
      text: tokenizer.encode(text),
    });
    const { records, reference } = await run({
      denoiser,
      reference: Array.from({ length: 5 }, () => ({ text, ids: tokenizer.encode(text) })),
    });
    expect(records[0].texts).toEqual(new Array(5).fill(text));
    for (const name of ["generative", "unigramEntropy", "distinct", "repetition", "selfBleu"] as const) {
      expect(records[0][name]).toEqual(reference?.[name]);
    }
  });

  it("writes inside the frame and measures what was written", async () => {
    const { records } = await run({ frame: true, entries: [leftToRight(1)] });
    expect(records[0].forwards).toBe(10);
    for (const text of records[0].texts) expect(text).toMatch(/^[a-f]{10}$/);
  });

  it("can be interrupted; what was measured before was handed out", async () => {
    const interruption = new AbortController();
    const seen: LaboratoryEvent[] = [];
    const interrupted = async () => {
      for await (const event of laboratory(options({ signal: interruption.signal }))) {
        seen.push(event);
        if (event.kind === "measured") interruption.abort();
      }
    };
    await expect(interrupted()).rejects.toMatchObject({ code: "ABORTED" });
    expect(seen[0].kind).toBe("started");
    expect(seen.filter(({ kind }) => kind === "measured")).toHaveLength(1);
    expect(seen.filter(({ kind }) => kind === "finished")).toHaveLength(0);
  });

  it("tells how far it is, from little to all", async () => {
    const shares: number[] = [];
    for await (const event of laboratory(options({ entries: [leftToRight(4)], batchSize: 2 }))) {
      if (event.kind === "progress") shares.push(event.share);
    }
    expect(shares).toHaveLength(3 * 3); // three batches of three steps
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares[0]).toBeCloseTo((2 / 5) * (1 / 3), 12);
    expect(shares.at(-1)).toBe(1);
  });

  it("refuses an empty experiment", async () => {
    await expect(run({ entries: [] })).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    await expect(run({ samples: 0 })).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });
});

describe("laboratoryTable", () => {
  it("has a line a sampler and one for natural text, the numbers in columns", async () => {
    const text = "abcdefabcfed";
    const report = await run({ reference: [{ text, ids: tokenizer.encode(text) }] });
    const lines = laboratoryTable(report).split("\n");
    expect(lines[0]).toMatch(/^sampler +forwards +tokens\/fwd +gen-ppl\/byte +bits\/byte +entropy/);
    expect(lines[1]).toMatch(/^left-to-right +12\.0 +1\.00 +\d/);
    expect(lines[3]).toMatch(/^\(natural text\) +\d/);
    const ends = lines.slice(0, 3).map((line) => line.length);
    expect(new Set(ends).size).toBe(1);
  });
});
