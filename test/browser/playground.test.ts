import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { tinyModelFolder } from "@textdiffusion/tiny-model";
import type { Browser, Page } from "playwright-core";
import { loadTextDiffusion } from "textdiffusion";
import { build } from "vite";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { browserPath, openBrowser, whyNoBrowser } from "./open-browser.js";
import { type FileServer, serveFiles } from "./serve-files.js";

const short = "#prompt=JULIET%3A&sampler=confidence&steps=8&length=48&seed=7&backend=wasm";

describe.skipIf(browserPath === undefined)(`the playground in Chromium${whyNoBrowser}`, () => {
  const site = mkdtempSync(join(tmpdir(), "textdiffusion-playground-"));
  let browser: Browser;
  let server: FileServer;
  let page: Page;
  /** What the console said of errors, the page's policy among them, and what was asked of the network. */
  let problems: string[];
  let requests: { readonly url: string; readonly bytes: Promise<number> }[];

  beforeAll(async () => {
    const configFile = fileURLToPath(new URL("../../apps/playground/vite.config.ts", import.meta.url));
    await build({ configFile, logLevel: "error", build: { outDir: site, emptyOutDir: true } });
    server = await serveFiles({ "/some/folder/": site }, { isolated: true });
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    rmSync(site, { recursive: true, force: true });
  });
  afterEach(() => page.context().close());

  async function open(hash = "", motion: "reduce" | "no-preference" = "reduce") {
    const context = await browser.newContext({
      reducedMotion: motion,
      acceptDownloads: true,
      serviceWorkers: "block",
    });
    page = await context.newPage();
    problems = [];
    requests = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    context.on("response", (response) =>
      requests.push({
        url: response.url(),
        bytes: response.body().then(
          (body) => body.length,
          () => 0,
        ),
      }),
    );
    await page.goto(`${server.address}/some/folder/index.html${hash}`);
  }

  const writtenText = () => page.locator("text-diffusion p").innerText();
  const place = () => page.locator("text-diffusion .state").innerText();
  const generate = async () => {
    await page.getByRole("button", { name: "Generate" }).click();
    await page
      .getByRole("status")
      .getByText(/^Written after/)
      .waitFor();
  };

  it("writes what Node writes with the settings of the address, from its own files alone", async () => {
    await open(short);
    await generate();
    const model = await loadTextDiffusion({
      folder: tinyModelFolder,
      backend: "wasm",
      sampler: { name: "confidence", steps: 8, temperature: 0.7 },
    });
    const { texts } = await model.generate({ prompts: ["JULIET:"], length: 48, seed: 7 });
    await model.dispose();
    expect(await writtenText()).toBe(texts[0]);
    expect(requests.filter(({ url }) => !url.startsWith(`${server.address}/some/folder/`))).toEqual([]);
    const sizes = await Promise.all(
      requests.filter(({ url }) => !/safetensors|tokenizer/.test(url)).map(({ bytes }) => bytes),
    );
    expect(sizes.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(1.5e6);
    expect(problems).toEqual([]);
  });

  it("goes through the steps by key", async () => {
    await open(short);
    await generate();
    await page.locator("text-diffusion").focus();
    await page.keyboard.press("Home");
    expect(await place()).toContain("step 0 of 8");
    await page.keyboard.press("ArrowRight");
    expect(await place()).toContain("step 1 of 8");
    await page.keyboard.press("End");
    expect(await place()).toContain("step 8 of 8 · 0 masked");
  });

  it("keeps settings in the address, and in the code that is shown", async () => {
    await open(short);
    const value = (name: string) => page.getByLabel(name, { exact: true }).inputValue();
    expect([await value("Prompt"), await value("Steps"), await value("Seed")]).toEqual(["JULIET:", "8", "7"]);
    await page.getByLabel("Sampler").selectOption("threshold");
    await page.getByLabel("Temperature").fill("0.4");
    expect(await page.evaluate(() => location.hash)).toBe(
      "#prompt=JULIET%3A&sampler=threshold&steps=8&temperature=0.4&length=48&seed=7&backend=wasm",
    );
    expect(await page.getByLabel("Steps").isDisabled()).toBe(true);
    expect(await page.locator("#sample").textContent()).toContain(
      'sampler: {"name":"threshold","temperature":0.4}',
    );
  });

  it("saves the run as a page that replays it, and as a GIF", async () => {
    await open(short);
    await generate();
    const saved = async (name: string) => {
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name }).click(),
      ]);
      return readFileSync(await download.path());
    };
    expect((await saved("Save GIF")).subarray(0, 6).toString()).toBe("GIF89a");
    const html = join(site, "saved.html");
    writeFileSync(html, await saved("Save HTML"));
    const text = await writtenText();
    await page.goto(pathToFileURL(html).href);
    expect(await writtenText()).toBe(text);
    expect(problems).toEqual([]);
  });

  it("shows the steps of a run that goes on, and leaves a reader who went back where he is", async () => {
    await open("#steps=64&backend=wasm");
    await page.getByRole("button", { name: "Generate" }).click();
    await page
      .locator("text-diffusion .state")
      .getByText(/step ([2-9]|\d\d)/) // after the first alone, one step on is the end, which is followed
      .waitFor();
    await page.locator("text-diffusion").focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowRight");
    await page
      .getByRole("status")
      .getByText(/^Written after/)
      .waitFor();
    expect(await place()).toContain("step 1 of 64");
  });

  it("stops when it is told to, and writes again", async () => {
    await open("#steps=128&backend=wasm");
    await page.getByRole("button", { name: "Generate" }).click();
    await page
      .locator("text-diffusion .state")
      .getByText(/step [1-9]/)
      .waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await page
      .getByRole("status")
      .getByText(/^Stopped after/)
      .waitFor();
    await page.getByLabel("Steps").fill("4");
    await generate();
    expect(await place()).toContain("step 4 of 4 · 0 masked");
  });

  it("says what is wrong with an address, a prompt and a backend that is not here, and goes on", async () => {
    await open("#steps=many");
    const alert = page.getByRole("alert");
    expect(await alert.innerText()).toBe(
      'Expected steps in the address to be a whole number from 1 to 128, got "many"',
    );
    await page.getByLabel("Steps").fill("4");
    await page.getByLabel("Backend").selectOption("webgpu");
    await page.getByRole("button", { name: "Generate" }).click();
    await alert.getByText(/\[backend-web\/webgpu\] expected the backend to start/).waitFor();
    await page.getByLabel("Backend").selectOption("wasm");
    await page.getByLabel("Prompt").fill("long ".repeat(200));
    await page.getByRole("button", { name: "Generate" }).click();
    await alert.getByText(/PROMPT_INVALID/).waitFor();
    await page.getByLabel("Prompt").fill("KING:");
    await generate();
    expect(await alert.isHidden()).toBe(true);
    expect(await writtenText()).toMatch(/^KING:/);
  });

  it("fits a phone", async () => {
    await open(short);
    await page.setViewportSize({ width: 360, height: 740 });
    await generate();
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
  });
});
