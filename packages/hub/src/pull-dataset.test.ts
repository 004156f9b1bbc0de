import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { byName, createPipeline } from "@textdiffusion/core";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, afterEach, beforeEach, expect, it, vi } from "vitest";
import { type HubServer, serveHub } from "./fixtures/hub-server.js";
import { cachedDataset, type DatasetChoice, hubPlugin, pullDataset } from "./index.js";

const root = mkdtempSync(join(tmpdir(), "textdiffusion-hub-data-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const parquet = (texts: readonly string[]) =>
  new Uint8Array(parquetWriteBuffer({ columnData: [{ name: "text", data: [...texts], type: "STRING" }] }));
const first = parquet(["one", "", "two"]);
const files = {
  "README.md": "# of the branch",
  "plain/train/0001.parquet": parquet(["three"]),
  "plain/train/0000.parquet": first,
  "plain/test/0000.parquet": parquet(["four", "five"]),
  "other/partial-train/0000.parquet": parquet(["six"]),
};

let hub: HubServer;
let cacheFolder: string;
beforeEach(async () => {
  cacheFolder = mkdtempSync(join(root, "cache-"));
  hub = await serveHub([
    { type: "dataset", name: "some/texts", revisions: { main: {}, "refs/convert/parquet": files } },
    {
      type: "dataset",
      name: "some/one",
      revisions: { "refs/convert/parquet": { "default/train/0000.parquet": first } },
    },
    {
      type: "dataset",
      name: "some/none",
      revisions: { main: {}, "refs/convert/parquet": { "README.md": "" } },
    },
    { type: "dataset", name: "some/raw", revisions: { main: { "data.csv": "a,b" } } },
  ]);
  vi.stubEnv("HF_ENDPOINT", hub.endpoint);
  vi.stubEnv("HF_HUB_CACHE", cacheFolder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
});

const patience = { retries: 1, firstWaitMs: 5, silenceMs: 400, longestWaitMs: 1000 };
const pull = (choice: DatasetChoice) => pullDataset(choice, { patience });

async function textsOf(options: DatasetChoice): Promise<string[]> {
  const choice = byName({ name: "hub", ...options });
  const source = await (await createPipeline({ plugins: [hubPlugin], source: choice })).get("source");
  const texts: string[] = [];
  for await (const { text } of source.documents()) texts.push(text);
  return texts;
}

it("a split is pulled in the order of its files, and nothing else, once", async () => {
  const pulled = await pull({ dataset: "some/texts", subset: "plain" });
  expect(pulled.files.map((file) => file.slice(pulled.folder.length + 1))).toEqual([
    "0000.parquet",
    "0001.parquet",
  ]);
  expect(readFileSync(pulled.files[0]).equals(first)).toBe(true);
  expect(existsSync(join(pulled.folder, "../test"))).toBe(false);
  const asked = hub.asked.length;
  const { isNew, ...cached } = pulled;
  expect(isNew).toBe(true);
  expect(await cachedDataset({ dataset: "some/texts", subset: "plain" })).toEqual(cached);
  expect(hub.asked).toHaveLength(asked);
  expect(await pull({ dataset: "some/texts", subset: "plain" })).toEqual({ ...cached, isNew: false });
});

it("is a source of documents by name, from the cache when it is there", async () => {
  expect(await textsOf({ dataset: "some/texts", subset: "plain" })).toEqual(["one", "two", "three"]);
  expect(await textsOf({ dataset: "some/texts", subset: "plain", split: "test" })).toEqual(["four", "five"]);
  expect(await textsOf({ dataset: "some/one" })).toEqual(["one", "two"]);
  vi.stubEnv("HF_HUB_OFFLINE", "1");
  const asked = hub.asked.length;
  expect(await textsOf({ dataset: "some/texts", subset: "plain" })).toEqual(["one", "two", "three"]);
  expect(await textsOf({ dataset: "some/one" })).toEqual(["one", "two"]);
  await expect(textsOf({ dataset: "some/texts", subset: "other" })).rejects.toThrow(
    /in the cache, got none.*HUB_FAILED/,
  );
  expect(hub.asked).toHaveLength(asked);
});

it("is not taken for whole when a file is away, or its list", async () => {
  const choice = { dataset: "some/texts", subset: "plain" };
  const {
    files: [file],
    folder,
  } = await pull(choice);
  rmSync(file);
  expect(await cachedDataset(choice)).toBe(undefined);
  await pull(choice);
  expect(await cachedDataset(choice)).toBeDefined();
  rmSync(join(folder, ".textdiffusion.json"));
  expect(await cachedDataset(choice)).toBe(undefined);
});

it("says what there is", async () => {
  for (const [choice, message] of [
    [{ dataset: "some/texts" }, /one subset of the data set some\/texts, got the choice of "other", "plain"/],
    [{ dataset: "some/texts", subset: "mine" }, /a subset "mine".*got "other", "plain"/],
    [{ dataset: "some/texts", subset: "plain", split: "dev" }, /a split "dev".*got "test", "train"/],
    [{ dataset: "some/texts", subset: "other" }, /a split "train".*got "partial-train".*partial-/],
    [{ dataset: "some/none" }, /expected Parquet files of the data set some\/none, got none/],
    [{ dataset: "some/raw" }, /that revision of the data set some\/raw.*RevisionNotFound/],
    [{ dataset: "some/nobody" }, /the data set some\/nobody on the Hub, got none.*HUB_FAILED/],
  ] as const) {
    await expect(pull(choice)).rejects.toThrow(message);
  }
  expect(readdirSync(cacheFolder)).toEqual([]);
});
