import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createPipeline, type Denoiser, type TokenDistributions } from "@textdiffusion/core";
import { fakeDenoiser, letterTokenizer, pluginLaws, powerNoise } from "@textdiffusion/testkit";
import { afterAll, describe, expect, it } from "vitest";
import plugin, { myComponentDenoiser } from "./index.js";
import { denoiserServer } from "./server.js";

const tokenizer = letterTokenizer("abcdef");
const maskTokenId = tokenizer.special.mask;
const model = fakeDenoiser({ vocabularySize: tokenizer.vocabularySize, maskTokenId });

const servers: Server[] = [];
const url = await listening(denoiserServer(model));
afterAll(() => Promise.all(servers.map((server) => new Promise((done) => server.close(done)))));

describe("the laws of a plugin, and of its component as a config makes it, over HTTP", async () => {
  const laws = await pluginLaws(plugin, {
    setting: () => ({ options: { url }, parts: { tokenizer } }),
  });
  for (const law of laws) it.skipIf(law.skip !== undefined)(law.name, () => law.run());
});

describe("my-component", () => {
  it("writes what the model writes that it stands for, and can be named in a config", async () => {
    const remote = await write({ name: "my-component", url });
    expect(remote).toEqual(await write(model));
    expect(remote[0]).toMatch(/^[a-f]{8}$/);
  });

  it("names the server when nothing answers there", async () => {
    const nowhere = await listening(createServer());
    await new Promise((done) => servers.pop()?.close(done));
    await expect(myComponentDenoiser({ url: nowhere }, { tokenizer })).rejects.toThrow(
      /got connect ECONNREFUSED .*RUNTIME_FAILED/,
    );
  });

  it("does not wait for ever", async () => {
    const silent = await listening(createServer(() => undefined));
    await expect(myComponentDenoiser({ url: silent, timeoutMs: 50 }, { tokenizer })).rejects.toThrow(
      /RUNTIME_FAILED/,
    );
    servers.at(-1)?.closeAllConnections();
  });

  it("refuses answers of another protocol, and models with fewer tokens than the tokenizer", async () => {
    const stranger = await listening(createServer((_, response) => response.end('{ "hello": true }')));
    await expect(myComponentDenoiser({ url: stranger }, { tokenizer })).rejects.toThrow(
      /answer of the protocol/,
    );
    const larger = letterTokenizer("abcdefg");
    await expect(myComponentDenoiser({ url }, { tokenizer: larger })).rejects.toThrow(/MODEL_INVALID/);
  });

  it("refuses answers about another number of positions", async () => {
    const short = {
      ...model,
      denoise: async () =>
        ({ draw: async () => draws, dispose: () => undefined }) as unknown as TokenDistributions,
    };
    const draws = { tokens: [1], logProbs: Float32Array.of(0), entropy: [0], margin: [1] };
    const shortUrl = await listening(denoiserServer(short));
    await expect(write({ name: "my-component", url: shortUrl })).rejects.toThrow(
      /expected 8 numbers .* got 1/,
    );
  });

  it("says what the server refused", async () => {
    const broken = { ...model, denoise: () => Promise.reject(new Error("out of memory")) };
    const brokenUrl = await listening(denoiserServer(broken));
    await expect(write({ name: "my-component", url: brokenUrl })).rejects.toThrow(/a refusal: out of memory/);
  });
});

/** @returns its address, on a free port of this machine */
async function listening(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** One page of eight letters, all drawn at once. */
async function write(denoiser: Denoiser | { name: "my-component"; url: string }): Promise<readonly string[]> {
  const pipeline = await createPipeline({
    plugins: [plugin],
    tokenizer,
    denoiser,
    schedule: powerNoise(1),
    sampler: {
      name: "one-step",
      tokenRule: { temperature: 1 },
      steps: 1,
      revises: false,
      request: ({ masked }) => masked,
      decide: (_, draws) => ({ commit: [...draws.positions.keys()], remask: [] }),
    },
  });
  try {
    return (await pipeline.generate({ length: 8, seed: 5 })).texts;
  } finally {
    await pipeline.dispose();
  }
}
