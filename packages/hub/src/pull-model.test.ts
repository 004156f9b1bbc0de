import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "@textdiffusion/core";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { type HubServer, serveHub, sha256 } from "./fixtures/hub-server.js";
import { cachedModel, hubSettings, type PullOptions, pullModel } from "./index.js";

const root = mkdtempSync(join(tmpdir(), "textdiffusion-hub-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const random = Random.fromSeed(3);
const weights = Uint8Array.from({ length: 300_000 }, (_, index) => random.integer(256, index));
const model = {
  "config.json": '{ "model_type": "roberta" }',
  "tokenizer.json": '{ "version": "1.0" }',
  "README.md": "# not needed",
  "pytorch_model.bin": "not needed either",
  "model.safetensors": weights,
};
const bin = { "config.json": "{}", "tokenizer.json": "{}", "pytorch_model.bin": "x" };

let hub: HubServer;
let cacheFolder: string;
beforeEach(async () => {
  cacheFolder = mkdtempSync(join(root, "cache-"));
  hub = await serveHub([
    {
      type: "model",
      name: "owner/small",
      revisions: { main: model, "refs/pr/1": { ...model, "config.json": "{}" } },
    },
    { type: "model", name: "owner/bin", revisions: { main: bin } },
  ]);
});
afterEach(() => hub.close());

const patience = { retries: 2, firstWaitMs: 5, silenceMs: 400, longestWaitMs: 3000 };
const pull = (name = "owner/small", options: PullOptions = {}, token?: string) =>
  pullModel(name, {
    cacheFolder,
    patience,
    settings: { endpoint: hub.endpoint, offline: false, token },
    ...options,
  });

const cached = (folder: string, name: string) => readFileSync(join(folder, name));
const downloads = () => hub.asked.filter(({ path }) => /\/resolve\/|^\/storage\//.test(path));
const isOf = (name: string) => (path: string | undefined) =>
  name === "model.safetensors" ? /^\/storage\//.test(path ?? "") : path?.endsWith(name) === true;
const answering = (name: string, status: number, headers: Record<string, string> = {}) =>
  hub.disturb(({ url }, response) => {
    if (!isOf(name)(url)) return false;
    response.writeHead(status, headers).end("{}");
    return true;
  });

describe("a model that is pulled", () => {
  it("lies in the standard cache, with what a model folder needs and no more, and is not asked for again", async () => {
    const seen: number[] = [];
    const { folder, commit, isNew } = await pull("owner/small", {
      onProgress: ({ receivedBytes, totalBytes }) => seen.push(receivedBytes / totalBytes),
    });
    expect(isNew).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(["config.json", "model.safetensors", "tokenizer.json"]);
    expect(cached(folder, "model.safetensors").equals(weights)).toBe(true);
    expect(cached(folder, "config.json").toString()).toBe(model["config.json"]);
    const repository = join(cacheFolder, "models--owner--small");
    expect(folder).toBe(join(repository, "snapshots", commit));
    expect(realpathSync(join(folder, "model.safetensors"))).toBe(
      realpathSync(join(repository, "blobs", sha256(weights))),
    );
    expect(readFileSync(join(repository, "refs/main"), "utf8")).toBe(commit);
    expect(seen.at(-1)).toBe(1);
    expect([...seen].sort((a, b) => a - b)).toEqual(seen);

    const before = downloads().length;
    expect(await pull()).toEqual({
      ...(await cachedModel("owner/small", { cacheFolder })),
      isNew: false,
      files: expect.anything(),
    });
    expect(downloads()).toHaveLength(before);
  });

  it("may be of any revision, and shares the files that are the same", async () => {
    const main = await pull();
    const before = downloads().length;
    const other = await pull("owner/small", { revision: "refs/pr/1" });
    expect(downloads()).toHaveLength(before + 1);
    expect(cached(other.folder, "config.json").toString()).toBe("{}");
    expect(cached(main.folder, "config.json").toString()).toBe(model["config.json"]);
    expect(await pull("owner/small", { revision: main.commit })).toMatchObject({
      folder: main.folder,
      isNew: false,
    });
    expect(await cachedModel("owner/small", { revision: "refs/pr/1", cacheFolder })).toMatchObject({
      commit: other.commit,
    });
  });

  it("is asked for with the token, which no other host is told", async () => {
    await pull("owner/small", {}, "secret");
    const told = hub.asked.map(({ host, authorization }) => [host?.split(":")[0], authorization]);
    expect(told).toContainEqual(["localhost", undefined]); // the storage
    expect(told).not.toContainEqual(["localhost", "Bearer secret"]);
    expect(told).not.toContainEqual(["127.0.0.1", undefined]);
  });

  it("is used from the cache when offline, or says that it is not there", async () => {
    const { folder } = await pull();
    await hub.close();
    const settings = { endpoint: hub.endpoint, offline: true };
    expect(await pull("owner/small", { settings })).toMatchObject({ folder, isNew: false });
    await expect(pull("owner/small", { settings, revision: "other" })).rejects.toThrow(
      /in the cache, got none.*HUB_FAILED/,
    );
    rmSync(join(folder, "model.safetensors"));
    await expect(pull("owner/small", { settings })).rejects.toThrow(/in the cache, got none.*HUB_FAILED/);
    await expect(pull()).rejects.toThrow(
      /an answer of http:\/\/127\.0\.0\.1.*got none.*ECONNREFUSED.*HUB_FAILED/,
    );
  });
});

describe("a transfer that breaks", () => {
  const partial = () =>
    join(cacheFolder, "models--owner--small/blobs", `${sha256(weights)}.textdiffusion.incomplete`);
  const arrived = () => statSync(partial(), { throwIfNoEntry: false })?.size ?? 0;
  /** Breaks the transfer of the weights when some more bytes have arrived. */
  const breakingAfter = (bytes: number) =>
    hub.disturb(({ url, headers }, response) => {
      if (!isOf("model.safetensors")(url)) return false;
      const begin = Number(/\d+/.exec(headers.range ?? "")?.[0] ?? 0);
      const range = { "content-range": `bytes ${begin}-${weights.length - 1}/${weights.length}` };
      response.writeHead(begin > 0 ? 206 : 200, {
        "content-length": weights.length - begin,
        ...(begin > 0 && range),
      });
      response.write(weights.subarray(begin, begin + bytes));
      const watch = setInterval(() => {
        if (arrived() < begin + bytes) return;
        clearInterval(watch);
        response.destroy();
      }, 2);
      return true;
    });

  it("goes on where it broke, as often as each try brings some", async () => {
    for (let time = 0; time < 6; time++) breakingAfter(40_000);
    const { folder } = await pull();
    expect(cached(folder, "model.safetensors").equals(weights)).toBe(true);
    const ranges = downloads()
      .filter(({ path }) => isOf("model.safetensors")(path))
      .map(({ range }) => range);
    expect(ranges).toHaveLength(7);
    expect(ranges[0]).toBe(undefined);
    expect(ranges.slice(1).every((range) => /^bytes=[1-9]\d*-$/.test(range ?? ""))).toBe(true);
  });

  it("ends when no try brings any more, and the next pull asks only for the rest", async () => {
    breakingAfter(100_000);
    for (let time = 0; time < 3; time++) breakingAfter(0);
    await expect(pull()).rejects.toThrow(
      /expected 300000 bytes of model\.safetensors, got \d+ and no more.*HUB_FAILED/,
    );
    expect(await cachedModel("owner/small", { cacheFolder })).toBe(undefined);
    const before = hub.asked.length;
    const { folder } = await pull();
    expect(cached(folder, "model.safetensors").equals(weights)).toBe(true);
    const [rest] = hub.asked.slice(before).filter(({ path }) => isOf("model.safetensors")(path));
    expect(rest.sentBytes).toBeLessThan(weights.length);
    expect(rest.sentBytes).toBeGreaterThan(0);
  });

  it("is noticed in silence, too", async () => {
    hub.disturb(({ url }, response) => {
      if (!isOf("model.safetensors")(url)) return false;
      response.writeHead(200, { "content-length": weights.length });
      response.write(weights.subarray(0, 1000));
      return true;
    });
    const { folder } = await pull();
    expect(cached(folder, "model.safetensors").equals(weights)).toBe(true);
  });

  it("begins anew where a server does not go on from the place, or what lies there is longer or wrong", async () => {
    const clean = await pull();
    for (const left of [
      weights.subarray(0, 1000),
      new Uint8Array(1000),
      new Uint8Array(400_000),
      new Uint8Array(300_000),
    ]) {
      for (const ranges of [true, false]) {
        rmSync(realpathSync(join(clean.folder, "model.safetensors")));
        writeFileSync(partial(), left);
        if (!ranges) {
          hub.disturb(({ url }, response) => {
            if (!isOf("model.safetensors")(url)) return false;
            response.writeHead(200, { "content-length": weights.length }).end(weights);
            return true;
          });
        }
        const { folder } = await pull();
        expect(cached(folder, "model.safetensors").equals(weights)).toBe(true);
        hub.disturb(() => false);
      }
    }
  });

  it("that is aborted ends at once and keeps what there is", async () => {
    const controller = new AbortController();
    hub.disturb(({ url }, response) => {
      if (!isOf("model.safetensors")(url)) return false;
      response.writeHead(200, { "content-length": weights.length });
      response.write(weights.subarray(0, 50_000));
      return true;
    });
    const onProgress = ({ file }: { file: string }) => {
      if (file === "model.safetensors") controller.abort();
    };
    await expect(pull("owner/small", { signal: controller.signal, onProgress })).rejects.toMatchObject({
      code: "ABORTED",
    });
    const before = hub.asked.length;
    await pull();
    expect(hub.asked.slice(before).some(({ range }) => range !== undefined)).toBe(true);
  });
});

describe("pulls beside each other", () => {
  it("download each file once", async () => {
    const pulled = await Promise.all([pull(), pull(), pull()]);
    expect(new Set(pulled.map(({ folder }) => folder)).size).toBe(1);
    expect(downloads().filter(({ path }) => isOf("model.safetensors")(path))).toHaveLength(1);
    expect(readdirSync(join(cacheFolder, ".locks/models--owner--small"))).toEqual([]);
  });

  it("take over the lock of one that was killed", async () => {
    const locks = join(cacheFolder, ".locks/models--owner--small");
    mkdirSync(locks, { recursive: true });
    const lock = join(locks, `${sha256(weights)}.textdiffusion.lock`);
    writeFileSync(lock, "1 0.5");
    utimesSync(lock, new Date(0), new Date(0));
    await expect(pull()).resolves.toMatchObject({ isNew: true });
  });
});

describe("a Hub that refuses", () => {
  it.each([
    [401, {}, /may be seen without a token \(401/],
    [403, {}, /let to the model owner\/small.*Accept its conditions/],
    [404, { "x-error-code": "EntryNotFound" }, /all that is asked for.*404, EntryNotFound/],
    [500, {}, /a failure of it \(500/],
  ] as const)("with %i says what to do", async (status, headers, message) => {
    // What may pass by itself is asked for three times.
    for (let time = 0; time < (status === 500 ? 3 : 1); time++) answering("config.json", status, headers);
    await expect(pull()).rejects.toThrow(message);
    await expect(pull("owner/small")).resolves.toBeDefined();
  });

  it("knows no such model or revision", async () => {
    await expect(pull("owner/nobody")).rejects.toThrow(
      /none that may be seen without a token.*RepoNotFound.*HUB_FAILED/,
    );
    await expect(pull("owner/nobody", {}, "secret")).rejects.toThrow(/the token in HF_TOKEN may see/);
    await expect(pull("owner/small", { revision: "v9" })).rejects.toThrow(
      /that revision of the model owner\/small/,
    );
    for (const name of ["", "../x", "a/b/c", "a/..", "a b/c"]) {
      await expect(pull(name)).rejects.toThrow(/the name of a repository.*HUB_FAILED/);
    }
    await expect(pull("owner/small", { revision: "../../x" })).rejects.toThrow(
      /stay in its folder.*HUB_FAILED/,
    );
    expect(readdirSync(cacheFolder)).toEqual([]);
  });

  it("is asked again when it says after how long, and not when that is too long", async () => {
    answering("config.json", 429, { "retry-after": "1" });
    const begin = performance.now();
    await pull();
    expect(performance.now() - begin).toBeGreaterThan(990); // waited as it was told
    rmSync(cacheFolder, { recursive: true });
    answering("config.json", 429, { "retry-after": "3600" });
    await expect(pull()).rejects.toThrow(/too many requests \(429.*HUB_FAILED/);
    for (let time = 0; time < 3; time++) answering("config.json", 429);
    await expect(pull()).rejects.toThrow(/too many requests/);
    answering("config.json", 503);
    await expect(pull()).resolves.toBeDefined();
  });

  it("sends other bytes than it listed", async () => {
    for (let time = 0; time < 2; time++) {
      hub.disturb(({ url }, response) => {
        if (!isOf("model.safetensors")(url)) return false;
        response.writeHead(200, { "content-length": weights.length }).end(new Uint8Array(weights.length));
        return true;
      });
    }
    await expect(pull()).rejects.toThrow(/model\.safetensors with the hash .*got other bytes.*HUB_FAILED/);
    expect(
      readdirSync(join(cacheFolder, "models--owner--small/blobs")).some((name) =>
        name.includes("incomplete"),
      ),
    ).toBe(false);
    expect(await cachedModel("owner/small", { cacheFolder })).toBe(undefined);
    await expect(pull()).rejects.toThrow(/other bytes/);
    await expect(pull()).resolves.toBeDefined();
  });

  it.each(["../../../escaped.json", "/etc/passwd", "a\\..\\b.json", "C:evil.json", "a//b"])(
    "lists a path that leaves the cache: %s",
    async (path) => {
      hub.list((entries) => [{ ...entries[0], path }, ...entries.slice(1)]);
      await expect(pull()).rejects.toThrow(/stay in its folder.*HUB_FAILED/);
      expect(readdirSync(root).filter((name) => name.includes("escaped"))).toEqual([]);
      expect(existsSync(join(cacheFolder, "models--owner--small"))).toBe(false);
    },
  );

  it("lists hashes that are none, or is no Hub at all", async () => {
    hub.list((entries) => entries.map(({ lfs: _, ...entry }) => ({ ...entry, oid: "../../x" })));
    await expect(pull()).rejects.toThrow(/expected the hash of config\.json.*HUB_FAILED/);
    hub.disturb((_, response) => {
      response.writeHead(200, { "content-type": "application/json" }).end('{ "sha": "../../x" }');
      return true;
    });
    await expect(pull()).rejects.toThrow(/expected a commit.*HF_ENDPOINT/);
  });

  it("has a model without what a folder needs", async () => {
    await expect(pull("owner/bin")).rejects.toThrow(/weights in pytorch_model\.bin.*safetensors.*HUB_FAILED/);
    hub.list((entries) => entries.filter(({ path }) => path !== "tokenizer.json"));
    await expect(pull()).rejects.toThrow(/without tokenizer\.json/);
  });
});

it("reads the environment as Python's huggingface_hub does", () => {
  expect(hubSettings({})).toEqual({ endpoint: "https://huggingface.co", offline: false });
  expect(hubSettings({ HF_ENDPOINT: "http://mirror/", HF_TOKEN: " t ", HF_HUB_OFFLINE: "1" })).toEqual({
    endpoint: "http://mirror",
    token: "t",
    offline: true,
  });
});
