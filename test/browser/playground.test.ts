import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { tinyModelFolder } from "@textdiffusion/tiny-model";
import type { Page } from "playwright-core";
import { loadTextDiffusion } from "textdiffusion";
import { expect, it } from "vitest";
import { describePlayground } from "./playground-fixture.js";

const short = "#prompt=JULIET%3A&sampler=confidence&steps=8&length=48&seed=7&backend=wasm";

describePlayground("the playground", { folder: "/some/folder/", isolated: true }, (playground) => {
  let page: Page;

  async function open(hash = "") {
    page = await playground.open(hash);
  }
  const place = () => page.locator("text-diffusion .state").innerText();

  it("writes what Node writes with the settings of the address, from its own files alone", async () => {
    await open(short);
    const text = await playground.write();
    const model = await loadTextDiffusion({
      folder: tinyModelFolder,
      backend: "wasm",
      sampler: { name: "confidence", steps: 8, temperature: 0.7 },
    });
    const { texts } = await model.generate({ prompts: ["JULIET:"], length: 48, seed: 7 });
    await model.dispose();
    expect(text).toBe(texts[0]);
    const sizes = await Promise.all(
      playground.requests.filter(({ url }) => !/safetensors|tokenizer/.test(url)).map(({ bytes }) => bytes),
    );
    expect(sizes.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(1.5e6);
  });

  it("can ask nobody else, by its own policy", async () => {
    await open(short);
    playground.expectProblem(/Content Security Policy/);
    const answer = await page.evaluate(
      (address) => fetch(address).then(String, String),
      "http://127.0.0.1:9/",
    );
    expect(answer).toBe("TypeError: Failed to fetch");
  });

  it("goes through the steps by key", async () => {
    await open(short);
    await playground.write();
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
    expect(await playground.hash()).toBe(
      "#prompt=JULIET%3A&sampler=threshold&steps=8&temperature=0.4&length=48&seed=7&backend=wasm",
    );
    expect(await page.getByLabel("Steps").isDisabled()).toBe(true);
    expect(await page.locator("#sample").textContent()).toContain(
      'sampler: {"name":"threshold","temperature":0.4}',
    );
  });

  it("saves the run as a page that replays it, and as a GIF", async () => {
    await open(short);
    await playground.write();
    const saved = async (name: string) => {
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name }).click(),
      ]);
      return readFileSync(await download.path());
    };
    expect((await saved("Save GIF")).subarray(0, 6).toString()).toBe("GIF89a");
    const html = join(playground.work, "saved.html");
    writeFileSync(html, await saved("Save HTML"));
    const text = await playground.text();
    await page.goto(pathToFileURL(html).href);
    expect(await playground.text()).toBe(text);
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
    await playground.says(/^Written after/);
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
    await playground.says(/^Stopped after/);
    await page.getByLabel("Steps").fill("4");
    await playground.write();
    expect(await place()).toContain("step 4 of 4 · 0 masked");
  });

  it("says what is wrong with an address, a prompt and a backend that is not here, and goes on", async () => {
    await open("#steps=many");
    expect(await playground.alert.innerText()).toBe(
      'Expected steps in the address to be a whole number from 1 to 128, got "many"',
    );
    await page.getByLabel("Steps").fill("4");
    await page.getByLabel("Backend").selectOption("webgpu");
    await page.getByRole("button", { name: "Generate" }).click();
    await playground.warns(/\[backend-web\/webgpu\] expected the backend to start/);
    await page.getByLabel("Backend").selectOption("wasm");
    await page.getByLabel("Prompt").fill("long ".repeat(200));
    await page.getByRole("button", { name: "Generate" }).click();
    await playground.warns(/PROMPT_INVALID/);
    await page.getByLabel("Prompt").fill("KING:");
    await playground.write();
    expect(await playground.alert.isHidden()).toBe(true);
    expect(await playground.text()).toMatch(/^KING:/);
  });

  it("fits a phone", async () => {
    await open(short);
    await page.setViewportSize({ width: 360, height: 740 });
    await playground.write();
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
  });
});
