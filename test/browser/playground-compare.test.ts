import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type GenerationEvent, readTrace, type StepFinished } from "@textdiffusion/core";
import { tinyModelFolder } from "@textdiffusion/tiny-model";
import type { Page } from "playwright-core";
import { loadTextDiffusion } from "textdiffusion";
import { expect, it } from "vitest";
import { runCli } from "../cli/run-cli.js";
import { describePlayground } from "./playground-fixture.js";

const alone = "#prompt=JULIET%3A&steps=8&length=48&seed=7&backend=wasm";
const both = `#prompt=JULIET%3A&steps=8&length=48&seed=7&schedule=cosine&backend=wasm&sampler2=confidence&steps2=3&temperature2=0.5&block2=16`;
const samplers = [
  { name: "random", steps: 8, temperature: 0.7 },
  { name: "blocks", size: 16, sampler: { name: "confidence", steps: 3, temperature: 0.5 } },
] as const;

describePlayground("two samplers side by side", { isolated: true }, (playground) => {
  let page: Page;

  async function open(hash: string) {
    page = await playground.open(hash);
  }
  const texts = () => page.locator("text-diffusion section p").allInnerTexts();
  const chart = (title: string) => page.locator("figure", { hasText: title });
  const readout = (title: string) => chart(title).locator("figcaption span").innerText();
  /** The numbers table without its head. */
  const numbers = () =>
    page
      .locator("#numbers tbody tr")
      .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)));

  /** Saves what a click makes of downloads, and gives their files. */
  async function saved(button: string, count: number): Promise<string[]> {
    const files: string[] = [];
    const all = new Promise<void>((resolve) => {
      page.on("download", async (download) => {
        const file = join(playground.work, download.suggestedFilename());
        await download.saveAs(file);
        files.push(file);
        if (files.length === count) resolve();
      });
    });
    await page.getByRole("button", { name: button }).click();
    await all;
    return files.sort();
  }

  async function stepsOf(file: string): Promise<{ steps: StepFinished[]; maskedAtStart: number }> {
    const { events } = await readTrace([readFileSync(file, "utf8")]);
    const all: GenerationEvent[] = [];
    for await (const event of events) all.push(event);
    const [started] = all;
    if (started.kind !== "started") throw new Error("expected the start first");
    return {
      steps: all.filter((event) => event.kind === "step"),
      maskedAtStart: started.ids.filter((id) => id === started.maskTokenId).length,
    };
  }

  it("write what Node writes with the same settings, each with its own passes", async () => {
    await open(both);
    await playground.write();
    const written: string[] = [];
    for (const sampler of samplers) {
      const model = await loadTextDiffusion({
        folder: tinyModelFolder,
        backend: "wasm",
        schedule: "cosine",
        sampler,
      });
      written.push(...(await model.generate({ prompts: ["JULIET:"], length: 48, seed: 7 })).texts);
      await model.dispose();
    }
    expect(await texts()).toEqual(written);
    const rows = await numbers();
    expect(rows.map(([title]) => title)).toEqual([
      "random, 8 steps, temperature 0.7, no blocks",
      "confidence, 3 steps, temperature 0.5, blocks of 16",
    ]);
    expect(rows.map((row) => row[1])).toEqual(["8 of 8", "9 of 9"]); // three blocks of three steps
    expect(rows.map((row) => row[4])).toEqual(["46 of 46", "46 of 46"]);
    const sample = (await page.locator("#sample").textContent()) ?? "";
    for (const sampler of samplers) expect(sample).toContain(JSON.stringify(sampler));
    expect(sample).toContain('schedule: "cosine"');
  });

  it("go by one clock: in step, where that is chosen", async () => {
    await open(both);
    await playground.write();
    await page.getByLabel("Clock").selectOption("steps");
    await page.locator("text-diffusion").focus();
    await page.keyboard.press("Home");
    for (const step of [1, 2, 3]) {
      await page.keyboard.press("ArrowRight");
      expect((await numbers()).map((row) => row[1])).toEqual([`${step} of 8`, `${step} of 9`]);
      for (const title of ["Mean entropy", "Tokens"])
        expect(await readout(title)).toContain(`step ${step}: `);
    }
  });

  it("stand in the address, which opens them again", async () => {
    await open("#steps=8&length=32&backend=wasm");
    await page.getByRole("button", { name: "Compare" }).click();
    await page.getByLabel("Second sampler").selectOption("threshold");
    expect(await page.getByLabel("Its steps").isDisabled()).toBe(true);
    await page.getByLabel("Second sampler").selectOption("margin");
    await page.getByLabel("Its steps").fill("4");
    await page.getByLabel("Its blocks").fill("16");
    await page.getByLabel("Schedule").selectOption("sqrt");
    const hash = await playground.hash();
    expect(hash).toBe("#steps=8&length=32&schedule=sqrt&backend=wasm&sampler2=margin&steps2=4&block2=16");
    await open(hash);
    const value = (name: string) => page.getByLabel(name).inputValue();
    expect([await value("Second sampler"), await value("Its steps"), await value("Its blocks")]).toEqual([
      "margin",
      "4",
      "16",
    ]);
    await playground.write();
    expect(await page.locator("text-diffusion section h2").allInnerTexts()).toEqual([
      "random, 8 steps, no blocks",
      "margin, 4 steps, blocks of 16",
    ]);
    await page.getByRole("button", { name: "One alone" }).click();
    expect(await playground.hash()).toBe("#steps=8&length=32&schedule=sqrt&backend=wasm");
  });

  it("are refused by name where the address is wrong", async () => {
    await open("#sampler2=confidence&steps2=0");
    expect(await playground.alert.innerText()).toBe(
      'Expected steps2 in the address to be a whole number from 1 to 128, got "0"',
    );
  });

  it("have curves that say of each step what the trace says, which is the mean of what was drawn", async () => {
    await open(alone);
    await playground.write();
    const [file] = await saved("Save trace", 1);
    const { steps, maskedAtStart } = await stepsOf(file);
    expect(steps).toHaveLength(8);
    await page.locator("text-diffusion").focus();
    await page.keyboard.press("Home");
    let masked = maskedAtStart;
    for (const [index, step] of steps.entries()) {
      await page.keyboard.press("ArrowRight");
      const entropies = step.revealed.map(({ entropy = Number.NaN }) => entropy); // random takes all that it asks for
      const mean = entropies.reduce((sum, each) => sum + each, 0) / entropies.length;
      const [, said] = (await readout("Mean entropy")).match(new RegExp(`^step ${index + 1}: (.*)$`)) ?? [];
      expect(Math.abs(Number(said) - mean)).toBeLessThan(6e-4); // four digits
      expect(step.maskedEntropy).toBeCloseTo(mean, 5);
      expect((await readout("Tokens")).replaceAll(/\s+/g, " ").trim()).toBe(
        `step ${index + 1}: ● remaining ${step.masked} ● settled ${masked - step.masked}`,
      );
      masked = step.masked;
    }
    expect(await chart("Tokens").locator("svg").getAttribute("aria-label")).toMatch(
      /^Tokens: remaining from 46 to 0; settled from \d+ to \d+$/,
    );
  });

  it("are saved as traces that the command line draws and verifies, and that the page opens again", async () => {
    await open(both);
    await playground.write();
    const before = await texts();
    const files = await saved("Save trace", 2);
    for (const [run, file] of files.entries()) {
      const drawn = await runCli(["render", file, "--out", join(playground.work, `${run}.txt`)]);
      expect(drawn.code, drawn.stderr).toBe(0);
      const verified = await runCli(["replay", file, "--verify", "--model", tinyModelFolder]);
      expect(verified.stdout, verified.stderr).toMatch(new RegExp(`^All ${[8, 9][run]} steps are equal, `));
    }
    await open(alone);
    await page.locator("#trace-input").setInputFiles(files);
    await playground.says(/^Replaying random and confidence, blocks of 16\.$/);
    expect(await texts()).toEqual(before);
    expect(await chart("Mean entropy").isVisible()).toBe(true);
    expect(await page.getByRole("button", { name: "Copy code" }).isVisible()).toBe(false);
  });

  it("are opened where they are dropped, as far as they go; what is no trace is refused by its line", async () => {
    await open(alone);
    await playground.write();
    const [file] = await saved("Save trace", 1);
    const lines = readFileSync(file, "utf8").split("\n");
    const [cut, broken] = [join(playground.work, "cut.jsonl"), join(playground.work, "broken.jsonl")];
    writeFileSync(cut, `${lines.slice(0, 5).join("\n")}\n`);
    writeFileSync(broken, [...lines.slice(0, 3), "{}", ...lines.slice(4)].join("\n"));
    await playground.drop(cut);
    await playground.says(/^cut\.jsonl ends after step 3, before the end of its run\.$/);
    expect(await page.locator("text-diffusion .state").innerText()).toContain("step 3 of 3");
    await playground.drop(broken);
    await playground.warns(/line 4 of broken\.jsonl.*TRACE_INVALID/);
    await playground.write();
    expect(await page.locator("text-diffusion .state").innerText()).toContain("step 8 of 8");
  });
});
