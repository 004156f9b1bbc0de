import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type HubServer, serveHub, sha256 } from "../../packages/hub/src/fixtures/hub-server.js";
import { runCli } from "./run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "textdiffusion-pull-"));
let hub: HubServer;
let environment: NodeJS.ProcessEnv;
let weights: Buffer;

beforeAll(async () => {
  writeFileSync(join(folder, "text.txt"), "The sea came in, and the sea went out. ".repeat(200));
  const sizes = "--layers 1 --hidden 32 --heads 2 --row-length 32 --steps 2 --backend cpu".split(" ");
  const trained = await runCli(["train", "--data", "text.txt", "--out", "published", ...sizes], {
    cwd: folder,
  });
  expect(trained.code, trained.stderr).toBe(0);
  const names = readdirSync(join(folder, "published")).filter((name) => /\.(json|safetensors)$/.test(name));
  const files = Object.fromEntries(
    names.map((name) => [name, readFileSync(join(folder, "published", name))]),
  );
  weights = files["model.safetensors"];
  const texts = Array.from({ length: 400 }, (_, index) => `Wave ${index} came in.`);
  const parquet = parquetWriteBuffer({ columnData: [{ name: "text", data: texts, type: "STRING" }] });
  const branch = { "default/train/0000.parquet": new Uint8Array(parquet) };
  hub = await serveHub([
    { type: "model", name: "some-body/tiny-sea", revisions: { main: files, v1: files } },
    { type: "dataset", name: "some-body/waves", revisions: { "refs/convert/parquet": branch } },
  ]);
  environment = {
    HF_ENDPOINT: hub.endpoint,
    HF_HUB_CACHE: join(folder, "cache"),
    HF_TOKEN: "",
    HF_HUB_OFFLINE: "",
  };
});
afterAll(async () => {
  await hub.close();
  rmSync(folder, { recursive: true, force: true });
});

const run = (command: string, options: Parameters<typeof runCli>[1] = {}) =>
  runCli(command.split(" "), { cwd: folder, env: environment, ...options });
const partial = () =>
  join(folder, "cache/models--some-body--tiny-sea/blobs", `${sha256(weights)}.textdiffusion.incomplete`);
const arrived = () => statSync(partial(), { throwIfNoEntry: false })?.size ?? 0;

/** Sends half of the weights, and no more. */
const stall = () =>
  hub.disturb(({ url }, response) => {
    if (!url?.startsWith("/storage/")) return false;
    response.writeHead(200, { "content-length": weights.length });
    response.write(weights.subarray(0, weights.length / 2));
    return true;
  });

it("goes on after Ctrl-C and after a kill, asking only for the rest", async () => {
  for (const signal of ["SIGKILL", "SIGINT"] as const) {
    rmSync(join(folder, "cache"), { recursive: true, force: true });
    stall();
    const stopped = await run("pull some-body/tiny-sea", {
      onStart: (kill) => {
        const watch = setInterval(() => {
          if (arrived() < Math.floor(weights.length / 2)) return;
          clearInterval(watch);
          kill(signal);
        }, 5);
      },
    });
    expect(signal === "SIGKILL" ? stopped.signal : stopped.code).toBe(signal === "SIGKILL" ? signal : 130);
    if (signal === "SIGINT") expect(stopped.stderr).toMatch(/stays: the same command goes on/);
    const before = hub.asked.length;
    const pulled = await run("pull some-body/tiny-sea --json");
    expect(pulled.code, pulled.stderr).toBe(0);
    const [rest] = hub.asked.slice(before).filter(({ path }) => path.startsWith("/storage/"));
    expect(rest.sentBytes).toBe(Math.ceil(weights.length / 2));
    const { name, folder: cached } = JSON.parse(pulled.stdout);
    expect(name).toBe("some-body/tiny-sea");
    expect(readFileSync(join(cached, "model.safetensors")).equals(weights)).toBe(true);
  }
}, 300_000);

it("a model is named by its name: from the cache, without a network, or downloaded first", async () => {
  const before = hub.asked.length;
  const written = await run(
    "generate --model some-body/tiny-sea --length 8 --steps 2 --backend cpu --seed 3",
  );
  expect(written.code, written.stderr).toBe(0);
  expect(hub.asked).toHaveLength(before);
  const small = "--data text.txt --steps 1 --backend cpu";
  const trained = await run(`train --model some-body/tiny-sea@v1 ${small} --out fine-tuned`);
  expect(trained.code, trained.stderr).toBe(0);
  expect(trained.stderr).toMatch(/Downloading some-body\/tiny-sea/);
  writeFileSync(join(folder, "some.config.json"), '{ "model": { "from": "some-body/tiny-sea" } }');
  const offline = await run(`train --config some.config.json ${small} --out again`, {
    env: { ...environment, HF_HUB_OFFLINE: "1" },
  });
  expect(offline.code, offline.stderr).toBe(0);
});

it("trains on a data set by its name, downloaded first, then from the cache, by each way", async () => {
  const small = "--model new --layers 1 --hidden 8 --heads 2 --row-length 16 --steps 1 --backend cpu";
  const trained = await run(`train --dataset some-body/waves ${small} --out from-hub`);
  expect(trained.code, trained.stderr).toBe(0);
  expect(trained.stderr).toMatch(/Downloading some-body\/waves/);
  const offline = { env: { ...environment, HF_HUB_OFFLINE: "1" } };
  const prepared = await run("prepare --dataset some-body/waves --split train --out tokens", offline);
  expect(prepared.code, prepared.stderr).toBe(0);
  const streamed = await run(`train --dataset some-body/waves --streaming ${small} --out streamed`, offline);
  expect(streamed.code, streamed.stderr).toBe(0);
  const pulled = await run("pull --dataset some-body/waves --json", offline);
  const { folder: parts } = JSON.parse(pulled.stdout);
  const counted = await run(`count-tokens --data ${parts} --out counts.json`, offline);
  expect(counted.code, counted.stderr).toBe(0);
  const both = await run(`train --dataset some-body/waves --data text.txt ${small} --out none`);
  expect(both.code).toBe(2);
});

it("says what stands in the way, and that a folder may have been meant", async () => {
  for (const [command, message] of [
    ["pull some-body/nothing", /the model some-body\/nothing on the Hub, got none.*HF_TOKEN.*HUB_FAILED/],
    ["pull ../x", /the name of a repository.*HUB_FAILED/],
    ["pull some-body/tiny-sea --revision v9", /that revision.*HUB_FAILED/],
    ["generate --model my/folder", /no .*my\/folder, and the Hub: .*HUB_FAILED/],
    ["generate --model ./my/folder", /FILE_NOT_FOUND/],
  ] as const) {
    const { code, stderr } = await run(command);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  }
});
