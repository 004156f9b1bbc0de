import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { readMetrics, trainingReport } from "@textdiffusion/render";
import { afterAll, describe, expect, it } from "vitest";
import { browserPath, openBrowser, whyNoBrowser } from "../browser/open-browser.js";

const folder = mkdtempSync(join(tmpdir(), "textdiffusion-report-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the trainer tells of a step that stands out. */
const spike = `${JSON.stringify({ kind: "spike", step: 100, lossNats: 5, expectedLossNats: 1.1, lossDeviations: 30, gradientNorm: 40, expectedGradientNorm: 1, gradientDeviations: 20, action: "report" })}\n`;

/** A run whose loss falls as 8 / sqrt(step), in lines as the trainer writes them. */
function metrics(steps: number): string {
  const lines: object[] = [{ kind: "started", step: 0, steps }];
  for (let step = 1; step <= steps; step++) {
    const measured = {
      gradientNorm: 1,
      learningRate: 1e-3,
      tokensPerSecond: 5000,
      residentMb: 300,
      elapsedMs: step,
    };
    lines.push({ kind: "step", step, steps, epoch: step / 9, lossNats: 8 / Math.sqrt(step), ...measured });
    if (step % 20 === 0) {
      const byMaskRate = [0, 0.5].map((from) => ({
        from,
        to: from + 0.5,
        positions: 9,
        crossEntropy: 4 + from,
        accuracy: 0.1,
      }));
      lines.push({
        kind: "validation",
        step,
        boundNats: 9 / Math.sqrt(step),
        accuracy: 0.25,
        byMaskRate,
        elapsedMs: 5,
      });
    }
  }
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

describe("readMetrics", () => {
  it("takes what can be drawn, and leaves out a line that a kill cut short", () => {
    const text = metrics(40);
    const { name, points } = readMetrics(text.slice(0, -30), "run");
    expect(name).toBe("run");
    expect(points).toHaveLength(41);
    expect(points[0]).toEqual({
      step: 1,
      lossNats: 8,
      gradientNorm: 1,
      learningRate: 1e-3,
      tokensPerSecond: 5000,
      residentMb: 300,
    });
    expect(points[20]).toEqual({
      step: 20,
      boundNats: 9 / Math.sqrt(20),
      accuracy: 0.25,
      byMaskRate: [
        [0.25, 4],
        [0.75, 4.5],
      ],
    });
  });

  it("takes a spike as marks beside the curves", () => {
    const { points } = readMetrics(metrics(60) + spike, "run");
    expect(points.at(-1)).toEqual({ step: 100, spikeLossNats: 5, spikeGradientNorm: 40 });
  });

  it.each([
    ["another file", "# Title\ntext\n", /expected JSON at line 1 of run, got "# Title".*DATA_INVALID/],
    ["a broken line in the middle", '{"kind":"step","step":1}\n{"kind\n{}\n', /line 2 of run.*DATA_INVALID/],
    ["a step without its number", '{"kind":"step"}\n', /expected a step at line 1.*DATA_INVALID/],
    [
      "a last line that is whole, and no event",
      `${metrics(1)}7`,
      /expected an event at line 3 of run, got 7.*DATA_INVALID/,
    ],
    ["a list of numbers", "3\nnull\n", /expected an event at line 1 of run, got 3.*DATA_INVALID/],
    ["nothing", "", /expected steps of a training in run, got none.*DATA_INVALID/],
  ])("refuses %s", (_, text, message) => {
    expect(() => readMetrics(text, "run")).toThrow(message);
  });
});

it("keeps a long run's page small, with every validation", () => {
  const long = readMetrics(metrics(20_000) + spike, "long");
  const page = trainingReport([long]);
  expect(page.length).toBeLessThan(300_000);
  expect(page.match(/boundNats":/g)).toHaveLength(1000);
  expect(page.match(/"spikeLossNats":/g)).toHaveLength(1);
  expect(() => trainingReport([])).toThrow(/at least one run.*CONFIG_INVALID/);
});

describe.skipIf(browserPath === undefined)(`the report in Chromium${whyNoBrowser}`, () => {
  it("draws every curve, says values under the pointer, and asks nobody for anything", async () => {
    const hostile = "</script><img src=x onerror=alert(1)>";
    const file = join(folder, "report.html");
    writeFileSync(
      file,
      trainingReport([readMetrics(metrics(100) + spike, "first"), readMetrics(metrics(60), hostile)]),
    );
    const browser = await openBrowser();
    try {
      const page = await browser.newPage({ viewport: { width: 1100, height: 900 } });
      const problems: string[] = [];
      const asked: string[] = [];
      page.on("pageerror", (error) => problems.push(error.message));
      page.on("request", (request) => asked.push(request.url()));
      await page.goto(pathToFileURL(file).href);
      expect(await page.locator("figcaption").allInnerTexts()).toEqual([
        expect.stringMatching(/^Loss and validation bound\nnats a token/),
        expect.stringMatching(/^Cross entropy by mask rate\nnats/),
        expect.stringMatching(/^Learning rate/),
        expect.stringMatching(/^Gradient norm/),
        expect.stringMatching(/^Speed\ntokens a second/),
        expect.stringMatching(/^Memory of the process\nMB/),
        expect.stringMatching(/^Masked tokens guessed\nshare/),
      ]);
      const summary = await page.locator(".summary").innerText();
      expect(summary).toContain("first 100 steps, best bound 0.900 nats a token after step 100");
      expect(summary).toContain(hostile);
      const marks = page.locator("svg path title");
      expect(await marks.allTextContents()).toEqual(["spike at step 100: 5", "spike at step 100: 40"]);
      const speed = page.locator("figure", { hasText: "Speed" });
      await speed.locator("svg").hover({ position: { x: 300, y: 60 } });
      expect(await speed.locator("figcaption span").innerText()).toMatch(/^step \d+: first 5000, .* 5000$/);
      // No point of a curve lies outside its picture.
      const boxes = await page.locator("svg path").evaluateAll((paths) =>
        paths.map((path) => {
          const [inner, outer] = [path, path.closest("svg")].map((each) => each?.getBoundingClientRect());
          return (
            inner &&
            outer &&
            inner.left >= outer.left - 1 &&
            inner.right <= outer.right + 1 &&
            inner.bottom <= outer.bottom
          );
        }),
      );
      expect(boxes.length).toBeGreaterThan(10);
      expect(boxes.every(Boolean)).toBe(true);
      expect(await page.locator("img").count()).toBe(0);
      expect(asked).toHaveLength(1);
      expect(problems).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
