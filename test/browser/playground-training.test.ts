import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { unzipSync } from "fflate";
import type { Locator, Page } from "playwright-core";
import { loadTextDiffusion, trainTextDiffusion } from "textdiffusion";
import { expect, it } from "vitest";
import { describePlayground } from "./playground-fixture.js";

const fables = fileURLToPath(new URL("../../examples/fables/fables.txt", import.meta.url));
const small = { "Row, in bytes": "40", Steps: "12", "Rows a step": "4", Seed: "7" };

const setup = { folder: "/some/folder/", patienceMs: 100_000 }; // a busy machine trains slowly

describePlayground("training in the playground", setup, (playground) => {
  const folder = playground.work;
  let page: Page;
  let view: Locator;

  /** The training view, with the sample text and these values in its fields. */
  async function open(values: Readonly<Record<string, string>> = small) {
    page = await playground.open();
    await page.getByRole("button", { name: "Train", exact: true }).click();
    view = page.locator("#training");
    await button("Load a sample text").click();
    await view.getByText("26,400 bytes").waitFor();
    await view.getByLabel("Backend").selectOption("wasm");
    await fill(values);
  }

  const button = (name: string) => view.getByRole("button", { name, exact: true });
  const state = (text: RegExp) => view.getByRole("status").getByText(text).waitFor();
  const alert = (text: RegExp) => view.getByRole("alert").getByText(text).waitFor();
  const figures = (text: RegExp) => view.locator("#training-figures").getByText(text).waitFor();
  const newestSample = () => view.locator("#training-samples li").first().locator("p").textContent();

  async function fill(values: Readonly<Record<string, string>>) {
    for (const [label, value] of Object.entries(values))
      await view.getByLabel(label, { exact: true }).fill(value);
  }

  async function train() {
    await button("Train").click();
    await state(/^Trained after/);
  }

  /** Unpacks the downloaded model. @returns its folder */
  async function download(name: string): Promise<string> {
    const [file] = await Promise.all([page.waitForEvent("download"), button("Download the model").click()]);
    expect(file.suggestedFilename()).toBe("trained-model.zip");
    for (const [path, bytes] of Object.entries(unzipSync(readFileSync(await file.path())))) {
      mkdirSync(dirname(join(folder, name, path)), { recursive: true });
      writeFileSync(join(folder, name, path), bytes);
    }
    return join(folder, name, "trained-model");
  }

  const weightsIn = (model: string) => readFileSync(join(model, "model.safetensors"));

  it("learns: after forty steps a text that was held out costs less than six tenths of the bits that it costs a model that knows nothing", async () => {
    await open({ ...small, Steps: "40", "Rows a step": "8" });
    await train();
    const curve = await view.getByRole("img").getAttribute("aria-label");
    const [, untrained, trained] = /held out from ([\d.]+) to ([\d.]+)/.exec(curve ?? "") ?? [];
    expect(Number(untrained)).toBeCloseTo(Math.log2(261), 0); // 256 bytes and five special tokens, any of them as likely
    expect(Number(trained)).toBeLessThan(Number(untrained) * 0.6);
    const [first, last] = [
      await view.locator("#training-samples li").last().innerText(),
      await view.locator("#training-samples li").first().innerText(),
    ];
    expect(first).toContain("after step 0");
    expect(last).toContain("after step 40");
  });

  it("gives a folder with the weights that Node trains with the config shown, which writes there what the page writes", async () => {
    await open();
    await train();
    const model = await download("as-in-node");
    const config = JSON.parse((await view.locator("#training-config").textContent()) as string);
    const out = join(folder, "in-node");
    await trainTextDiffusion({ ...config, data: { ...config.data, file: fables }, out });
    expect(weightsIn(model).equals(weightsIn(out))).toBe(true);
    expect(JSON.parse(readFileSync(join(model, "config.json"), "utf8"))).toEqual(
      JSON.parse(readFileSync(join(out, "config.json"), "utf8")),
    );
    for (const name of ["tokenizer.json", "tokenizer_config.json"])
      expect(readFileSync(join(model, name), "utf8")).toBe(readFileSync(join(out, name), "utf8"));
    const loaded = await loadTextDiffusion({ folder: model, backend: "wasm" });
    const { texts } = await loaded.generate({ seed: 7 });
    await loaded.dispose();
    expect(texts[0]).toBe(await newestSample());
  });

  it("goes on after a pause as if there had been none, and can be saved meanwhile", async () => {
    await open({ ...small, Steps: "30" });
    await train();
    const uninterrupted = weightsIn(await download("uninterrupted"));
    await button("Train").click();
    await figures(/^Step \d/);
    await button("Pause").click();
    await state(/^Paused after step/);
    const halfway = await download("halfway");
    const { steps } = JSON.parse(readFileSync(join(halfway, "textdiffusion.json"), "utf8")).training;
    expect(await view.getByRole("status").innerText()).toBe(`Paused after step ${steps}.`);
    expect(steps).toBeLessThan(30);
    expect(weightsIn(halfway).equals(uninterrupted)).toBe(false);
    await button("Go on").click();
    await state(/^Trained after step 30/);
    expect(weightsIn(await download("paused")).equals(uninterrupted)).toBe(true);
  });

  it("lets the other view write with the model, what Node writes with its folder", async () => {
    await open({ ...small, Steps: "100" }); // until it writes letters: the view has signs of its own for other bytes
    await train();
    const model = await download("to-write-with");
    await button("Write with it").click();
    const writing = page.locator("#writing");
    await writing.getByRole("status").getByText("Ready to write with trained-model.").waitFor();
    await writing.getByLabel("Prompt").fill("The fox");
    await writing.getByLabel("Sampler").selectOption("margin");
    for (const [label, value] of Object.entries({ Steps: "10", Temperature: "0", Length: "32", Seed: "3" }))
      await writing.getByLabel(label, { exact: true }).fill(value);
    await writing.getByLabel("Backend").selectOption("wasm");
    await writing.getByRole("button", { name: "Generate" }).click();
    await writing
      .getByRole("status")
      .getByText(/^Written after/)
      .waitFor();
    const loaded = await loadTextDiffusion({
      folder: model,
      backend: "wasm",
      sampler: { name: "margin", steps: 10, temperature: 0 },
    });
    const { texts } = await loaded.generate({ prompts: ["The fox"], length: 32, seed: 3 });
    await loaded.dispose();
    expect(await page.locator("text-diffusion p").innerText()).toBe(texts[0]);
  });

  it("stops when it is told to, while the other view writes, and keeps what it has learnt", async () => {
    await open({ ...small, Steps: "5000" });
    await button("Train").click();
    await figures(/^Step \d/);
    await page.getByRole("button", { name: "Write", exact: true }).click();
    const writing = page.locator("#writing");
    await writing.getByLabel("Steps", { exact: true }).fill("4");
    await writing.getByLabel("Backend").selectOption("wasm");
    await page.getByRole("button", { name: "Generate" }).click();
    await page
      .getByRole("status")
      .getByText(/^Written after/)
      .waitFor();
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await button("Stop").click();
    await state(/^Stopped after step \d+ of 5000/);
    expect(await button("Train").isEnabled()).toBe(true);
    const { training } = JSON.parse(
      readFileSync(join(await download("stopped"), "textdiffusion.json"), "utf8"),
    );
    expect(training.steps).toBeGreaterThan(0);
    expect(training.steps).toBeLessThan(5000);
  });

  it("refuses a text shorter than a row, none, and files that are no text, and says why", async () => {
    await open();
    await view.getByLabel("Text to learn").fill("");
    await button("Train").click();
    await alert(
      /expected at least 40 tokens in the text, got 0\. Use more text, or shorter rows \(DATA_INVALID\)/,
    );
    await view.getByLabel("Text to learn").fill("A short one.");
    await button("Train").click();
    await alert(/expected at least 40 tokens in the text, got 12/);
    const choose = (name: string, buffer: Buffer) =>
      view.getByLabel("Open a file").setInputFiles({ name, mimeType: "text/plain", buffer });
    await choose("picture.png", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff]));
    await alert(/Expected a text in UTF-8, got other bytes in picture\.png/);
    await choose("large.txt", Buffer.alloc(2_000_001, "a"));
    await alert(/Expected a text of at most 2 MB, got 2\.0 MB in large\.txt/);
    await view.getByLabel("Steps", { exact: true }).fill("0");
    await view.getByText("Text and settings").click(); // folded away, a field that is wrong still stops the run
    await button("Train").click();
    expect(await view.getByLabel("Steps", { exact: true }).evaluate((field) => field.matches(":focus"))).toBe(
      true,
    );
    await fill(small);
    await choose("good.txt", readFileSync(fables));
    await train();
    expect(await view.getByRole("alert").isHidden()).toBe(true);
  });

  it("ends a run whose numbers are none with the trainer's error, and trains again", async () => {
    await open({ ...small, Steps: "100", "Learning rate": "1e30" });
    await button("Train").click();
    await alert(/\[training\/learner\] step \d+: .*\(NOT_A_NUMBER\)/);
    expect(await button("Download the model").isDisabled()).toBe(true);
    await fill({ ...small, "Learning rate": "0.003" });
    await train();
    expect(await view.getByRole("alert").isHidden()).toBe(true);
  });

  it("fits a phone", async () => {
    await open();
    await page.setViewportSize({ width: 390, height: 844 });
    await train();
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
  });
});
