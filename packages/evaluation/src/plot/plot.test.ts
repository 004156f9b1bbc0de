import { describe, expect, it } from "vitest";
import type { LaboratoryRecord, LaboratoryReport } from "../laboratory/records.js";
import { laboratoryPlot } from "./laboratory-plot.js";
import { colours, lookOf } from "./markers.js";
import { linearScale, logScale } from "./scale.js";

describe("scales", () => {
  it("put the ends on round ticks that hold every value", () => {
    const { ticks, at } = linearScale([2.3, 7.9], 100, 0);
    expect(ticks).toEqual([2, 4, 6, 8]);
    expect([at(2), at(8), at(5)]).toEqual([100, 0, 50]);
    const fine = linearScale([3.31, 3.356], 0, 1).ticks.map((tick) => tick.toFixed(3));
    expect(fine).toEqual(["3.310", "3.320", "3.330", "3.340", "3.350", "3.360"]);
  });

  it("live with one value", () => {
    expect(linearScale([5], 0, 1).ticks.length).toBeGreaterThan(1);
    expect(linearScale([0], 0, 1).ticks.length).toBeGreaterThan(1);
    expect(logScale([8], 0, 1).at(8)).toBe(0.5);
  });

  it("give equal room to equal factors, with ticks at powers of two", () => {
    const { ticks, at } = logScale([8, 128], 0, 400);
    expect(ticks).toEqual([8, 16, 32, 64, 128]);
    expect(at(32) - at(16)).toBeCloseTo(at(128) - at(64), 10);
    expect(logScale([1, 2 ** 20], 0, 1).ticks.length).toBeLessThan(9);
  });
});

describe("looks", () => {
  it("differ in colour or dashes or shape for forty lines", () => {
    const looks = Array.from({ length: 24 }, (_, index) => JSON.stringify(lookOf(index)));
    expect(new Set(looks).size).toBe(24);
  });

  // WCAG 2.1: relative luminance, and 3 to 1 for graphics.
  it.each([...colours])("%s stands out from both pages", (colour) => {
    const luminance = (hex: string) => {
      const [r, g, b] = [1, 3, 5]
        .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
        .map((share) => (share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (one: number, other: number) =>
      (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    for (const page of ["#ffffff", "#0d1117"]) {
      expect(contrast(luminance(colour), luminance(page))).toBeGreaterThanOrEqual(3);
    }
  });
});

describe("laboratoryPlot", () => {
  const metrics = (bits: number, entropy: number) => ({
    samples: 4,
    generative: {
      scorer: "judge",
      unit: "byte",
      natsPerToken: bits * Math.LN2,
      standardError: 0.1,
      perplexity: 2 ** bits,
      bitsPerByte: bits,
    },
    unigramEntropy: entropy,
    distinct: [1, 1, 1, 1] as const,
    repetition: 0,
    selfBleu: 0,
  });
  const record = (label: string, forwards: number, bits: number, entropy: number): LaboratoryRecord => ({
    ...metrics(bits, entropy),
    label,
    config: label,
    denoiser: "roberta",
    steps: forwards,
    forwards,
    tokensPerForward: 1,
    secondsPerSample: 1,
    texts: [],
  });
  const report = (records: readonly LaboratoryRecord[]): LaboratoryReport => ({
    formatVersion: 1,
    model: "model <1> & co",
    schedule: "linear",
    samples: 4,
    length: 16,
    prompt: "",
    seed: 0,
    batchSize: 4,
    scorer: "judge",
    scorerUnit: "byte",
    reference: metrics(2.2, 3.1),
    records,
  });
  const some = [record("a", 8, 5, 3), record("a", 64, 4, 2.9), record("b", 100, 3, 2)];

  it("is well-formed, and says what it is given as text", () => {
    const svg = laboratoryPlot(report(some));
    const open: string[] = [];
    for (const [, slash, name, rest] of svg.matchAll(/<(\/?)([a-z]+)([^>]*)>/gi)) {
      if (slash) expect(open.pop()).toBe(name);
      else if (!rest.endsWith("/")) open.push(name);
    }
    expect(open).toEqual([]);
    expect(svg).toContain("model &#60;1&#62; &#38; co");
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 880 660"/);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("draws three points a record, joined where a label has several, and the mark", () => {
    const svg = laboratoryPlot(report(some));
    expect(svg.match(/class="c0 dot"/g)).toHaveLength(3 * 2 + 1); // and one in the legend
    expect(svg.match(/class="c1 dot"/g)).toHaveLength(3 + 1);
    expect(svg.match(/<polyline/g)).toHaveLength(3);
    expect(svg.match(/<line class="reference"/g)).toHaveLength(2 + 1);
  });

  it("joins the points of a label in the order of forwards", () => {
    const [first, second, third] = [record("a", 8, 5, 3), record("a", 16, 4, 3), record("a", 32, 6, 3)];
    expect(laboratoryPlot(report([third, first, second]))).toBe(
      laboratoryPlot(report([first, second, third])),
    );
  });

  it("leaves out what is no number", () => {
    const svg = laboratoryPlot(report([...some, record("c", 8, Number.NaN, 3)]));
    expect(svg).not.toContain("NaN");
    expect(svg.match(/class="c2 dot"/g)).toHaveLength(1 + 1); // its entropy, and the legend
  });

  it("says what the samples begin with, and is as wide as the longest label needs", () => {
    const long = "blocks size=16 sampler=random sampler.steps=8 temperature=0.7 guidance=1.5";
    const svg = laboratoryPlot({ ...report([...some, record(long, 8, 5, 3)]), prompt: 'A "fox' });
    expect(svg).toMatch(/4 samples of 16 tokens each after &#34;A \\&#34;fox&#34;, seed 0/);
    const width = Number(/viewBox="0 0 (\d+) /.exec(svg)?.[1]);
    expect(width).toBeGreaterThan(440 + 62 + 38 + 6 * long.length);
  });

  it("grows with the legend", () => {
    const many = Array.from({ length: 24 }, (_, index) => record(`sampler ${index}`, 8 + index, 5, 3));
    const svg = laboratoryPlot(report(many));
    const height = Number(/viewBox="0 0 880 (\d+)"/.exec(svg)?.[1]);
    expect(height).toBeGreaterThan(660);
    const places = [...svg.matchAll(/<text x="38" y="(\d+)">/g)].map(([, y]) => Number(y));
    expect(places).toHaveLength(25);
    for (const [index, y] of places.entries()) if (index > 0) expect(y - places[index - 1]).toBe(20);
    expect(330 + places[24]).toBeLessThan(height);
  });
});
