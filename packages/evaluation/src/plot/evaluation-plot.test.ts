import { describe, expect, it } from "vitest";
import { evaluationPlot, type PlottedModel } from "./evaluation-plot.js";

/** A text of two bytes a token, so a nat a token is half a nat a byte. */
const model = (name: string, nats: (rate: number) => number): PlottedModel => {
  const rates = Array.from({ length: 10 }, (_, index) => (index + 0.5) / 10);
  const bound = rates.reduce((sum, rate) => sum + nats(rate), 0) / 10;
  return {
    name,
    likelihood: {
      tokensOfText: 100,
      bytes: 200,
      bitsPerByte: bound / 2 / Math.LN2,
      bitsPerByteStandardError: 0.25,
    },
    lossCurve: {
      boundNats: bound,
      accuracy: 0.5,
      byMaskRate: rates.map((rate) => ({
        from: rate - 0.05,
        to: rate + 0.05,
        positions: 10,
        crossEntropy: nats(rate),
        accuracy: 1 - rate,
      })),
    },
  };
};
const tuned = model("tuned <1>", (rate) => 2 + 4 * rate);
const raw = model("raw", (rate) => 6 + rate);
const baselines = [{ name: "byte unigram", bitsPerByte: tuned.likelihood.bitsPerByte }];
const plot = (more: object = {}) => evaluationPlot({ title: "t", models: [tuned, raw], baselines, ...more });

/** Heights of the points of a polyline. */
const heightsOf = (svg: string, look: string) =>
  [
    ...(new RegExp(`<polyline class="${look} line"[^>]*points="([^"]*)"`).exec(svg)?.[1] ?? "").matchAll(
      /,([\d.]+)/g,
    ),
  ].map(([, y]) => Number(y));

describe("evaluationPlot", () => {
  it("is well-formed, marked as ours, and says names as text", () => {
    const svg = plot();
    const open: string[] = [];
    for (const [, slash, name, rest] of svg.matchAll(/<(\/?)([a-z]+)([^>]*)>/gi)) {
      if (slash) expect(open.pop()).toBe(name);
      else if (!rest.endsWith("/")) open.push(name);
    }
    expect(open).toEqual([]);
    expect(svg.slice(0, 256)).toMatch(/^<svg [^>]*data-generator="textdiffusion"/);
    expect(svg).toContain("tuned &#60;1&#62;, at most");
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("draws the mean of a curve as high as a baseline of the same bits a byte", () => {
    const svg = plot();
    const curve = heightsOf(svg, "c0");
    expect(curve).toHaveLength(10);
    const mean = curve.reduce((sum, y) => sum + y, 0) / curve.length;
    expect(heightsOf(svg, "c2")).toHaveLength(2);
    expect(heightsOf(svg, "c2")[0]).toBeCloseTo(mean, 0); // a tenth of a pixel is cut from each
  });

  it("draws bars in proportion, and errors as long as they are", () => {
    const svg = plot();
    const widths = ["c0", "c1", "c2"].map((look) =>
      Number(new RegExp(`<rect class="${look} dot"[^>]* width="([\\d.]+)"`).exec(svg)?.[1]),
    );
    expect(widths[1] / widths[0]).toBeCloseTo(raw.likelihood.bitsPerByte / tuned.likelihood.bitsPerByte, 2);
    expect(widths[2]).toBe(widths[0]);
    const errors = [...svg.matchAll(/class="error" d="M([\d.]+) [\d.]+H([\d.]+)/g)];
    expect(errors).toHaveLength(2); // counted baselines have none
    for (const [, low, high] of errors) {
      expect((Number(high) - Number(low)) / widths[0]).toBeCloseTo(0.5 / tuned.likelihood.bitsPerByte, 2);
    }
  });

  it("shows guesses of one model alone where the tokens differ", () => {
    const dotsOf = (svg: string, look: string) =>
      svg.match(new RegExp(`<(path|circle) class="${look} dot"`, "g"))?.length;
    expect(dotsOf(plot(), "c1")).toBe(10 + 10 + 1); // and one in the legend
    expect(dotsOf(plot({ sameTokens: false }), "c1")).toBe(10 + 1);
    expect(plot({ sameTokens: false })).toContain("guessed by tuned &#60;1&#62;");
  });

  it("leaves out what is no number, and lives without baselines", () => {
    const broken = { ...raw, likelihood: { ...raw.likelihood, bitsPerByte: Number.NaN } };
    const svg = evaluationPlot({ title: "t", models: [broken] });
    expect(svg).not.toContain("NaN");
    const one = { ...raw, likelihood: { ...raw.likelihood, bitsPerByteStandardError: Number.NaN } };
    expect(evaluationPlot({ title: "t", models: [one] })).not.toMatch(/NaN|class="error"/);
  });

  it("is as wide as its longest line needs, and cuts a long path at its beginning", () => {
    const name = `${"far/".repeat(30)}away`;
    const svg = evaluationPlot({ title: "t", models: [{ ...raw, name }] });
    expect(Number(/viewBox="0 0 (\d+) /.exec(svg)?.[1])).toBeGreaterThan(440 + 6 * name.length);
    expect(svg).toMatch(/>…[a-z/]{35}away, at most</);
  });
});
