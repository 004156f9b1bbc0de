import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBackend } from "@textdiffusion/backend-node";
import { Random } from "@textdiffusion/core";
import { type CreateModelOptions, createModel, saveModel } from "@textdiffusion/models";
import { tinyModelFolder } from "@textdiffusion/tiny-model";
import type { Page } from "playwright-core";
import { exportOnnxModel, loadTextDiffusion } from "textdiffusion";
import { afterAll, expect, it } from "vitest";
import { serveHub } from "../../packages/hub/src/fixtures/hub-server.js";
import { describePlayground } from "./playground-fixture.js";

const sampler = { name: "confidence", steps: 3, temperature: 0.7 } as const;
const short = "#prompt=JULIET%3A&sampler=confidence&steps=3&length=40&seed=7&backend=wasm";

const work = mkdtempSync(join(tmpdir(), "textdiffusion-own-models-"));
const [bert, onnx] = [join(work, "my-bert"), join(work, "my-onnx")];
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** A Hub with a model that lies in a folder, too, and as an ONNX file. */
async function hub() {
  await makeFolder(bert, { maxLength: 64 });
  await exportOnnxModel({ model: bert, out: onnx });
  const files = Object.fromEntries(readdirSync(bert).map((name) => [name, readFileSync(join(bert, name))]));
  const { "tokenizer.json": _, ...untold } = files;
  return serveHub([
    { type: "model", name: "someone/my-bert", revisions: { main: { "README.md": "#", ...files } } },
    { type: "model", name: "someone/untold", revisions: { main: untold } },
  ]);
}

async function makeFolder(folder: string, sizes: Partial<CreateModelOptions>): Promise<void> {
  const backend = await startBackend("cpu");
  const base = {
    architecture: "bert",
    layers: 1,
    hidden: 16,
    heads: 2,
    vocabularySize: 4096,
    maxLength: 200,
  } as const;
  const model = await createModel({ ...base, ...sizes }, Random.fromSeed(1));
  await saveModel(model, folder);
  model.dispose();
  await backend.dispose();
  for (const name of ["tokenizer.json", "tokenizer_config.json"])
    cpSync(join(tinyModelFolder, name), join(folder, name));
}

describePlayground("models of one's own in the playground", { hub, graphics: true }, (playground) => {
  let page: Page;

  async function open(hash = short, isolated = false) {
    page = await playground.open(hash, { isolated });
    await ready();
    await page.locator("#model").evaluate((details: HTMLDetailsElement) => {
      details.open = true;
    });
  }

  const ready = () => page.getByRole("button", { name: "Generate" }).and(page.locator(":enabled")).waitFor();
  const runtimes = () => playground.requests.filter(({ url }) => /ort.*\.wasm$/.test(url));
  const about = () => page.locator("#model-about").innerText();
  const maxLength = () => page.getByLabel("Length").getAttribute("max");
  const choose = (folder: string) => page.locator("#model-folder-input").setInputFiles(folder);
  const fetchFromHub = async (name: string) => {
    await page.getByLabel("Or from the Hugging Face Hub").fill(name);
    await page.getByRole("button", { name: "Fetch" }).click();
  };
  const writtenInNode = async (folder: string) => {
    const model = await loadTextDiffusion({ folder, backend: "wasm", sampler });
    const { texts } = await model.generate({ prompts: ["JULIET:"], length: 40, seed: 7 });
    await model.dispose();
    return texts[0].replaceAll("\ufffd", "▯"); // as the page draws it
  };

  it("writes with a folder what Node writes, says what it is, and goes back to the model that ships", async () => {
    await open();
    await choose(bert);
    await playground.says("Ready to write with my-bert.");
    expect(await about()).toMatch(
      /^bert, 1 layer, 16 wide; 0\.3 MB; texts of up to 64 tokens\. It stays on this machine\.$/,
    );
    expect(await maxLength()).toBe("64");
    expect(await playground.write()).toBe(await writtenInNode(bert));
    expect(await page.locator("#sample").textContent()).toContain('folder: "my-bert"');
    await page.getByRole("button", { name: "Back to the one that ships" }).click();
    await playground.says("Ready to write with the one that ships.");
    expect(await maxLength()).toBe("128");
    expect(await playground.write()).toBe(await writtenInNode(tinyModelFolder));
    expect(playground.hub.asked).toEqual([]);
    expect(runtimes()).toEqual([]);
  });

  it("writes with an ONNX export, whose runtime it fetches only then", async () => {
    await open();
    await choose(onnx);
    await playground.says("Ready to write with my-onnx.");
    expect(await about()).toMatch(/^ONNX, bert, 1 layer, 16 wide/);
    expect(await playground.write()).toBe(await writtenInNode(bert));
    expect(await page.locator("#backend summary").textContent()).toContain("ONNX Runtime");
    expect(runtimes()).toHaveLength(1);
  });

  it("measures with auto whether a slow model is faster on ONNX Runtime, where that has threads", async () => {
    const slow = join(work, "slow");
    await makeFolder(slow, { vocabularySize: 150_000, hidden: 32 }); // slow for its size
    await open(short.replace("wasm", "auto"), true);
    await choose(slow);
    await playground.says("Ready to write with slow.");
    await playground.write();
    const told = (await page.locator("#backend").textContent()) ?? "";
    const [, fastMs] = /Not on onnx: a pass takes (\d+) ms on wasm: not worth/.exec(told) ?? [];
    if (fastMs !== undefined) {
      expect(Number(fastMs)).toBeLessThan(200); // a fast machine
      expect(runtimes()).toEqual([]);
      return;
    }
    const [, loser, there, here] =
      /Not on (wasm|onnx): a pass takes (\d+) ms there, (\d+) here/.exec(told) ?? [];
    expect(Number(here)).toBeLessThanOrEqual(Number(there));
    expect(told).toContain(`Computed on ${loser === "wasm" ? "ONNX Runtime" : "WebAssembly"}`);
    expect(runtimes()).toHaveLength(1);
  });

  it("takes a folder that is dropped", async () => {
    await open();
    await playground.drop(bert);
    await playground.says("Ready to write with my-bert.");
    expect(await playground.write()).toBe(await writtenInNode(bert));
  });

  it("fetches a model of the Hub by name, asks nobody else, and goes on where a download breaks off", async () => {
    await open();
    expect(playground.hub.asked).toEqual([]);
    const weights = readFileSync(join(bert, "model.safetensors"));
    playground.expectProblem(/ERR_CONTENT_LENGTH_MISMATCH/);
    playground.hub.disturb((_, response, { path }) => {
      if (!path.startsWith("/storage/")) return false;
      response.writeHead(200, { "content-length": weights.length }).write(weights.subarray(0, 1000));
      setTimeout(() => response.destroy(), 100);
      return true;
    });
    await fetchFromHub("someone/my-bert");
    await playground.says("Ready to write with someone/my-bert.");
    expect(playground.hub.asked.map(({ range }) => range)).toContain("bytes=1000-");
    expect(await playground.write()).toBe(await writtenInNode(bert));
    expect(await about()).toMatch(/Commit [0-9a-f]{8} of the Hub\.$/);
    expect(playground.hub.asked.some(({ path }) => path.includes("README"))).toBe(false);
    expect(playground.hub.asked.every(({ authorization }) => authorization === undefined)).toBe(true);
    expect(await page.locator("#sample").textContent()).toMatch(
      /pullModel\("someone\/my-bert", { revision: "[0-9a-f]{40}" }\)/,
    );
  });

  it("has a model of the Hub in the address, which asks for nothing until somebody presses the button", async () => {
    await open(`${short.replace("length=40", "length=60")}&model=someone/my-bert`);
    await playground.warns(/^This address is that of a text of someone\/my-bert/);
    const before = playground.hub.asked.length;
    await page.getByRole("button", { name: "Fetch" }).click();
    await playground.says("Ready to write with someone/my-bert.");
    expect(playground.hub.asked.length).toBeGreaterThan(before);
    const text = await playground.write();
    const address = await playground.hash();
    expect(address).toMatch(/^#model=someone\/my-bert@[0-9a-f]{40}&prompt=JULIET.*&length=60/);
    await open(address);
    await page.getByRole("button", { name: "Fetch" }).click();
    await playground.says("Ready to write with someone/my-bert.");
    expect(await playground.write()).toBe(text);
    await page.getByRole("button", { name: "Back to the one that ships" }).click();
    await playground.says("Ready to write with the one that ships.");
    expect(await playground.hash()).toMatch(/^#prompt/);
  });

  it.each([
    ["someone", /expected a model as "owner\/name".*HUB_FAILED/],
    ["someone/nothing", /none that everyone may see \(404\).*HUB_FAILED/],
    ["someone/my-bert@v7", /expected that revision.*HUB_FAILED/],
    [
      "someone/untold",
      /expected tokenizer\.json of the model someone\/untold, got config\.json, .*FILE_NOT_FOUND/,
    ],
  ])("of the Hub refuses %s, and keeps the model that it has", async (name, message) => {
    await open();
    if (/nothing|@v7/.test(name)) playground.expectProblem(/status of 404/);
    const text = await playground.write();
    await fetchFromHub(name);
    await playground.warns(message);
    expect(await playground.alert.innerText()).toMatch(/The page writes with the one that ships, as before$/);
    expect(await playground.write()).toBe(text);
  });

  it("refuses files that are missing, broken or torn, in the project's words, and keeps the model that it has", async () => {
    await open();
    await choose(bert);
    await playground.says("Ready to write with my-bert.");
    const text = await playground.write();
    const weights = readFileSync(join(bert, "model.safetensors"));
    const config = JSON.parse(readFileSync(join(bert, "config.json"), "utf8"));
    const damage: Readonly<
      Record<string, readonly [Record<string, string | Uint8Array | undefined>, RegExp]>
    > = {
      missing: [
        { "model.safetensors": undefined },
        /expected model\.safetensors or model\.onnx.*FILE_NOT_FOUND/,
      ],
      pickled: [
        { "model.safetensors": undefined, "pytorch_model.bin": "x" },
        /save it with safetensors.*FILE_NOT_FOUND/,
      ],
      torn: [
        { "model.safetensors": weights.subarray(0, weights.length - 100) },
        /torn\/model\.safetensors.*MODEL_INVALID/,
      ],
      broken: [{ "config.json": "{" }, /broken\/config\.json.*MODEL_INVALID/],
      stranger: [
        { "config.json": JSON.stringify({ ...config, model_type: "llama" }) },
        /got "llama".*UNSUPPORTED/,
      ],
      "other-tokenizer": [{ "tokenizer.json": "[]" }, /other-tokenizer\/tokenizer\.json.*MODEL_INVALID/],
      "no-graph": [
        { "model.safetensors": undefined, "model.onnx": "no graph" },
        /no-graph\/model\.onnx.*MODEL_INVALID/,
      ],
    };
    for (const [name, [changes, message]] of Object.entries(damage)) {
      const folder = join(work, name);
      cpSync(bert, folder, { recursive: true });
      for (const [file, content] of Object.entries(changes)) {
        if (content === undefined) rmSync(join(folder, file));
        else writeFileSync(join(folder, file), content);
      }
      await choose(folder);
      await playground.warns(message);
      expect(await playground.alert.innerText()).toMatch(/The page writes with my-bert, as before$/);
      expect(await playground.write()).toBe(text);
    }
  });
});
