import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBackend } from "@textdiffusion/backend-node";
import { Random } from "@textdiffusion/core";
import { type CreateModelOptions, createModel, saveModel } from "@textdiffusion/models";
import { tinyModelFolder } from "@textdiffusion/tiny-model";
import type { Browser, Page } from "playwright-core";
import { exportOnnxModel, loadTextDiffusion } from "textdiffusion";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type HubServer, serveHub } from "../../packages/hub/src/fixtures/hub-server.js";
import { buildPlayground } from "./build-playground.js";
import { browserPath, openBrowser, whyNoBrowser } from "./open-browser.js";
import { type FileServer, serveFiles } from "./serve-files.js";

const sampler = { name: "confidence", steps: 3, temperature: 0.7 } as const;
const short = "#prompt=JULIET%3A&sampler=confidence&steps=3&length=40&seed=7&backend=wasm";

describe.skipIf(browserPath === undefined)(`models of one's own in the playground${whyNoBrowser}`, () => {
  const work = mkdtempSync(join(tmpdir(), "textdiffusion-own-models-"));
  const [bert, onnx] = [join(work, "my-bert"), join(work, "my-onnx")];
  let hub: HubServer;
  let site: string;
  let browser: Browser;
  let server: FileServer;
  let isolated: FileServer;
  let page: Page;
  let problems: string[];
  let requests: string[];

  beforeAll(async () => {
    await makeFolder(bert, { maxLength: 64 });
    await exportOnnxModel({ model: bert, out: onnx });
    const files = Object.fromEntries(readdirSync(bert).map((name) => [name, readFileSync(join(bert, name))]));
    const { "tokenizer.json": _, ...untold } = files;
    hub = await serveHub([
      { type: "model", name: "someone/my-bert", revisions: { main: { "README.md": "#", ...files } } },
      { type: "model", name: "someone/untold", revisions: { main: untold } },
    ]);
    const elsewhere = hub.endpoint.replace("127.0.0.1", "localhost"); // where the fixture has its large files
    site = await buildPlayground((html) =>
      html
        .replace('content="https://huggingface.co"', `content="${hub.endpoint}"`)
        .replace(
          "https://huggingface.co https://*.huggingface.co https://*.hf.co",
          `${hub.endpoint} ${elsewhere}`,
        ),
    );
    server = await serveFiles({ "/": site });
    isolated = await serveFiles({ "/": site }, { isolated: true });
    browser = await openBrowser({ graphics: true });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    server?.close();
    isolated?.close();
    await hub?.close();
    for (const folder of [work, site]) rmSync(folder, { recursive: true, force: true });
  });
  afterEach(() => page.context().close());

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

  async function open(hash = short, address = server.address) {
    page = await browser.newPage({ serviceWorkers: "block" });
    problems = [];
    requests = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    page.context().on("request", (request) => requests.push(request.url()));
    await page.goto(`${address}/index.html${hash}`);
    await ready();
    await page.locator("#model").evaluate((details: HTMLDetailsElement) => {
      details.open = true;
    });
  }

  const status = (text: string | RegExp) => page.getByRole("status").getByText(text).waitFor();
  const ready = () => page.getByRole("button", { name: "Generate" }).and(page.locator(":enabled")).waitFor();
  const alert = () => page.getByRole("alert");
  const about = () => page.locator("#model-about").innerText();
  const maxLength = () => page.getByLabel("Length").getAttribute("max");
  const choose = (folder: string) => page.locator("#model-folder-input").setInputFiles(folder);
  const fetchFromHub = async (name: string) => {
    await page.getByLabel("Or from the Hugging Face Hub").fill(name);
    await page.getByRole("button", { name: "Fetch" }).click();
  };
  const write = async () => {
    await page.getByRole("button", { name: "Generate" }).click();
    await status(/^Written after/);
    return page.locator("text-diffusion p").innerText();
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
    await status("Ready to write with my-bert.");
    expect(await about()).toMatch(
      /^bert, 1 layer, 16 wide; 0\.3 MB; texts of up to 64 tokens\. It stays on this machine\.$/,
    );
    expect(await maxLength()).toBe("64");
    expect(await write()).toBe(await writtenInNode(bert));
    expect(await page.locator("#sample").textContent()).toContain('folder: "my-bert"');
    await page.getByRole("button", { name: "Back to the one that ships" }).click();
    await status("Ready to write with the one that ships.");
    expect(await maxLength()).toBe("128");
    expect(await write()).toBe(await writtenInNode(tinyModelFolder));
    expect(requests.filter((url) => !url.startsWith(server.address))).toEqual([]);
    expect(requests.filter((url) => url.includes("ort"))).toEqual([]);
    expect(problems).toEqual([]);
  });

  it("writes with an ONNX export, whose runtime it fetches only then", async () => {
    await open();
    await choose(onnx);
    await status("Ready to write with my-onnx.");
    expect(await about()).toMatch(/^ONNX, bert, 1 layer, 16 wide/);
    expect(await write()).toBe(await writtenInNode(bert));
    expect(await page.locator("#backend summary").textContent()).toContain("ONNX Runtime");
    expect(requests.filter((url) => url.endsWith(".wasm") && url.includes("ort"))).toHaveLength(1);
    expect(problems).toEqual([]);
  });

  it("measures with auto whether a slow model is faster on ONNX Runtime, where that has threads", async () => {
    const slow = join(work, "slow");
    await makeFolder(slow, { vocabularySize: 150_000, hidden: 32 }); // slow for its size
    await open(short.replace("wasm", "auto"), isolated.address);
    await choose(slow);
    await status("Ready to write with slow.");
    await write();
    const told = (await page.locator("#backend").textContent()) ?? "";
    const runtimes = requests.filter((url) => url.endsWith(".wasm") && url.includes("ort")).length;
    const [, fastMs] = /Not on onnx: a pass takes (\d+) ms on wasm: not worth/.exec(told) ?? [];
    if (fastMs !== undefined) {
      expect(Number(fastMs)).toBeLessThan(200); // a fast machine
      expect(runtimes).toBe(0);
      return;
    }
    const [, loser, there, here] =
      /Not on (wasm|onnx): a pass takes (\d+) ms there, (\d+) here/.exec(told) ?? [];
    expect(Number(here)).toBeLessThanOrEqual(Number(there));
    expect(told).toContain(`Computed on ${loser === "wasm" ? "ONNX Runtime" : "WebAssembly"}`);
    expect(runtimes).toBe(1);
  });

  it("takes a folder that is dropped", async () => {
    await open();
    const session = await page.context().newCDPSession(page);
    const data = { items: [], files: [bert], dragOperationsMask: 1 };
    for (const type of ["dragEnter", "dragOver", "drop"] as const)
      await session.send("Input.dispatchDragEvent", { type, x: 100, y: 100, data });
    await status("Ready to write with my-bert.");
    expect(await write()).toBe(await writtenInNode(bert));
  });

  it("fetches a model of the Hub by name, asks nobody else, and goes on where a download breaks off", async () => {
    await open();
    expect(hub.asked).toEqual([]);
    const weights = readFileSync(join(bert, "model.safetensors"));
    hub.disturb((_, response, { path }) => {
      if (!path.startsWith("/storage/")) return false;
      response.writeHead(200, { "content-length": weights.length }).write(weights.subarray(0, 1000));
      setTimeout(() => response.destroy(), 100);
      return true;
    });
    await fetchFromHub("someone/my-bert");
    await status("Ready to write with someone/my-bert.");
    expect(hub.asked.map(({ range }) => range)).toContain("bytes=1000-");
    expect(await write()).toBe(await writtenInNode(bert));
    expect(await about()).toMatch(/Commit [0-9a-f]{8} of the Hub\.$/);
    expect(hub.asked.some(({ path }) => path.includes("README"))).toBe(false);
    expect(hub.asked.every(({ authorization }) => authorization === undefined)).toBe(true);
    expect(await page.locator("#sample").textContent()).toMatch(
      /pullModel\("someone\/my-bert", { revision: "[0-9a-f]{40}" }\)/,
    );
  });

  it("has a model of the Hub in the address, which asks for nothing until somebody presses the button", async () => {
    await open(`${short.replace("length=40", "length=60")}&model=someone/my-bert`);
    await alert()
      .getByText(/^This address is that of a text of someone\/my-bert/)
      .waitFor();
    const before = hub.asked.length;
    await page.getByRole("button", { name: "Fetch" }).click();
    await status("Ready to write with someone/my-bert.");
    expect(hub.asked.length).toBeGreaterThan(before);
    const text = await write();
    const address = await page.evaluate(() => location.hash);
    expect(address).toMatch(/^#model=someone\/my-bert@[0-9a-f]{40}&prompt=JULIET.*&length=60/);
    await page.context().close();
    await open(address);
    await page.getByRole("button", { name: "Fetch" }).click();
    await status("Ready to write with someone/my-bert.");
    expect(await write()).toBe(text);
    await page.getByRole("button", { name: "Back to the one that ships" }).click();
    await status("Ready to write with the one that ships.");
    expect(await page.evaluate(() => location.hash)).toMatch(/^#prompt/);
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
    const text = await write();
    await fetchFromHub(name);
    await alert().getByText(message).waitFor();
    expect(await alert().innerText()).toMatch(/The page writes with the one that ships, as before$/);
    expect(await write()).toBe(text);
  });

  it("refuses files that are missing, broken or torn, in the project's words, and keeps the model that it has", async () => {
    await open();
    await choose(bert);
    await status("Ready to write with my-bert.");
    const text = await write();
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
      await alert().getByText(message).waitFor();
      expect(await alert().innerText()).toMatch(/The page writes with my-bert, as before$/);
      expect(await write()).toBe(text);
    }
  });
});
