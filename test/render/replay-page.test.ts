import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Recording, replayHtml } from "@textdiffusion/render";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { browserPath, openBrowser, whyNoBrowser } from "../browser/open-browser.js";

const folder = mkdtempSync(join(tmpdir(), "textdiffusion-replay-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** "To be" from three masks in two steps, the second of which takes a token back and another in. */
const toBe: Recording = {
  title: "by hand",
  batch: 1,
  seq: 4,
  cells: ["To", null, null, null],
  given: [1, 0, 0, 0],
  wideTokens: true,
  frames: [
    {
      changes: [
        [1, " is", 0.2],
        [3, "!", 0.9],
      ],
      masked: 1,
      forwards: 1,
      elapsedMs: 500,
    },
    {
      changes: [
        [1, null],
        [2, "\n"],
      ],
      masked: 1,
      forwards: 2,
      elapsedMs: 900,
    },
    { changes: [[1, " be", 0.7]], masked: 0, forwards: 3, elapsedMs: 1000 },
  ],
};

describe.skipIf(browserPath === undefined)(`the replay page in Chromium${whyNoBrowser}`, () => {
  let browser: Browser;
  let page: Page;
  let problems: string[];
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());
  afterEach(() => page.close());

  async function open(recordings: readonly Recording[], motion: "reduce" | "no-preference" = "reduce") {
    const file = join(folder, "page.html");
    writeFileSync(file, replayHtml(recordings));
    page = await browser.newPage({ reducedMotion: motion });
    problems = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(pathToFileURL(file).href);
    return asked;
  }

  it("breaks no mask at the end of a line", async () => {
    const count = 200;
    const cells = ["Begin:", ...new Array<string | null>(count).fill(null)];
    await open([{ ...toBe, seq: cells.length, cells, given: cells.map(() => 0), frames: [] }]);
    for (const width of [420, 432, 444, 456]) {
      await page.setViewportSize({ width, height: 800 });
      const parts = await page
        .locator(".mask")
        .evaluateAll((masks) => masks.map((mask) => mask.getClientRects().length));
      expect(parts).toEqual(new Array(count).fill(1));
    }
  });

  const textOf = (panel = 0) => page.locator("section").nth(panel).locator("p").innerText();
  const classesOf = () =>
    page.locator("p span").evaluateAll((spans) => spans.map(({ className }) => className));
  const stateOf = () => page.locator(".state").first().innerText();

  it("asks nobody for anything, shows the end to those who want no motion, and goes through the steps by key", async () => {
    const asked = await open([toBe]);
    expect(asked).toHaveLength(1);
    expect(await textOf()).toBe("To be\n!");
    await page.locator("text-diffusion").focus();
    await page.keyboard.press("Home");
    expect(await stateOf()).toBe("step 0 of 3 · 3 masked · 0 forwards");
    expect(await classesOf()).toEqual(["given", "mask", "mask", "mask"]);
    await page.keyboard.press("ArrowRight");
    expect(await classesOf()).toEqual(["given", "fresh", "mask", "fresh"]);
    expect(await stateOf()).toBe("step 1 of 3 · 1 masked · 1 forwards · 0.5 s");
    await page.keyboard.press("ArrowRight");
    expect(await classesOf()).toEqual(["given", "mask", "fresh", ""]);
    expect(await textOf()).toContain("↵");
    await page.keyboard.press("ArrowLeft");
    expect(await stateOf()).toContain("step 1 of 3");
    await page.keyboard.press("End");
    expect(await stateOf()).toBe("step 3 of 3 · 0 masked · 3 forwards · 1.0 s");
    expect(problems).toEqual([]);
  });

  it("plays by itself to the end, and again", async () => {
    await open([toBe], "no-preference");
    const button = page.locator("button");
    await expect.poll(() => button.innerText(), { timeout: 20_000 }).toBe("Replay");
    expect(await textOf()).toBe("To be\n!");
    await button.click();
    expect(await button.innerText()).toBe("Pause");
    expect(problems).toEqual([]);
  });

  it("shows text as text, whatever a model writes", async () => {
    const hostile = "</script><script>document.title = 'taken'</script><img src=x onerror=alert(1)>&amp;";
    await open([{ ...toBe, title: hostile, cells: [hostile, null, null, null] }]);
    expect(await page.title()).toBe(hostile);
    expect(await textOf()).toBe(`${hostile} be\n!`);
    expect(await page.locator("section h2").innerText()).toBe(hostile);
    expect(await page.locator("img").count()).toBe(0);
    expect(problems).toEqual([]);
  });

  it("runs several by the same clock: the shorter is done before the longer begins", async () => {
    const quick = {
      ...toBe,
      title: "quick",
      frames: toBe.frames.map((frame) => ({ ...frame, elapsedMs: 10 })),
    };
    await open([toBe, quick]);
    await page.locator("text-diffusion").focus();
    await page.keyboard.press("Home");
    const states = () => page.locator(".state").allInnerTexts();
    await page.keyboard.press("ArrowRight");
    const done = "step 3 of 3 · 0 masked · 3 forwards · 0.0 s";
    expect(await states()).toEqual(["step 0 of 3 · 3 masked · 0 forwards", done]);
    await page.keyboard.press("ArrowRight");
    expect(await states()).toEqual(["step 1 of 3 · 1 masked · 1 forwards · 0.5 s", done]);
  });

  it("runs several step by step where that is the clock, and stays at the frames that were seen", async () => {
    const long = {
      ...toBe,
      title: "long",
      frames: [...toBe.frames, ...toBe.frames.map((frame) => ({ ...frame, changes: [] }))],
    };
    await open([toBe, long]);
    const view = page.locator("text-diffusion");
    const frames = () =>
      view.evaluate((element) => (element as HTMLElement & { frames: readonly number[] }).frames);
    await view.evaluate((element) => {
      element.addEventListener("frames", () => {
        element.dataset.told = `${element.dataset.told ?? ""} ${(element as HTMLElement & { frames: readonly number[] }).frames}`;
      });
    });
    await view.focus();
    await page.keyboard.press("Home");
    await page.getByLabel("Clock").selectOption("steps");
    expect(await frames()).toEqual([0, 0]);
    await view.focus();
    for (const expected of [
      [1, 1],
      [2, 2],
    ]) {
      await page.keyboard.press("ArrowRight");
      expect(await frames()).toEqual(expected);
    }
    await page.getByLabel("Clock").selectOption("time");
    expect(await frames()).toContain(2);
    expect(await view.getAttribute("data-told")).toMatch(/^ 0,0 1,1 2,2/);
    await view.focus();
    await page.keyboard.press("End");
    expect(await frames()).toEqual([3, 6]);
    expect(problems).toEqual([]);
  });

  it("colours by step or by confidence, dark and light", async () => {
    await open([toBe]);
    const colours = () =>
      page.locator("p span").evaluateAll((spans) => spans.map((span) => getComputedStyle(span).color));
    const bySteps = await colours();
    expect(new Set(bySteps).size).toBe(4); // given, and one a step
    await page.locator("select").nth(1).selectOption("none");
    expect(new Set(await colours()).size).toBe(2);
    await page.locator("select").nth(1).selectOption("confidence");
    expect(await colours()).not.toEqual(bySteps);
    const light = await colours();
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await colours()).not.toEqual(light);
  });
});

it("is a few kilobytes, whatever the browser", () => {
  expect(replayHtml([toBe]).length).toBeLessThan(30_000);
});
