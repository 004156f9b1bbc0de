import { fakeDenoiser, letterTokenizer, powerNoise } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { API_VERSION, type ComponentKind, type Plugin } from "../../contracts/component.js";
import type { Sampler } from "../../contracts/sampler.js";
import { DiffusionError } from "../../errors/diffusion-error.js";
import { createPipeline, type Pipeline } from "../../pipeline/pipeline.js";
import { Random } from "../../random/random.js";
import { byName } from "../config.js";
import { listOf } from "../manifest.js";

const tokenizer = letterTokenizer(" abc");
const { vocabularySize } = tokenizer;
const fake = fakeDenoiser({ vocabularySize, maskTokenId: tokenizer.special.mask });
const atOnce: Sampler = {
  name: "at-once",
  tokenRule: { temperature: 1 },
  steps: 1,
  revises: false,
  request: (row) => row.masked,
  decide: (_, draws) => ({ commit: [...draws.positions.keys()], remask: [] }),
};
const backend = {
  name: "paper",
  capabilities: { trains: false, precision: "float32", device: "paper" },
  start: async () => undefined,
  dispose: async () => undefined,
  memory: () => ({ tensors: 0, bytes: 0 }),
};
const batch = {
  batch: 1,
  seq: 2,
  cleanIds: new Int32Array(2),
  noisedIds: new Int32Array(2),
  noiseMask: new Uint8Array(2),
  attentionMask: new Uint8Array(2),
  lossWeight: new Float32Array(2),
  time: new Float64Array(1),
  lossDenominator: 1,
  maskableCount: 2,
};

/** A pipeline whose component of one kind comes from a plugin, however broken. */
function pipelineOf(kind: ComponentKind, create: () => unknown): Promise<Pipeline> {
  const definition = { name: "mine", description: "", options: z.strictObject({}), create };
  const plugin = {
    name: "textdiffusion-plugin-of-mine",
    apiVersion: API_VERSION,
    [listOf[kind]]: [definition],
  } as Plugin;
  const values = { schedule: powerNoise(1), tokenizer, denoiser: fake, sampler: atOnce, backend };
  return createPipeline({ ...values, plugins: [plugin], [kind]: byName("mine") } as never);
}

/** Uses every part of a pipeline once. */
async function use(kind: ComponentKind, create: () => unknown): Promise<void> {
  const pipeline = await pipelineOf(kind, create);
  try {
    if (kind === "collator") {
      (await pipeline.get("collator")).collate([{ ids: Int32Array.of(1, 2) }], Random.fromSeed(1));
    } else if (kind === "backend") {
      (await pipeline.get("backend")).memory();
    } else {
      await pipeline.generate({ prompts: ["ab"], length: 4 });
      (await pipeline.get("tokenizer")).token(1);
      const schedule = await pipeline.get("schedule");
      schedule.timeAt(schedule.alpha(0.5) + schedule.alphaDerivative(0.5));
      const curves = schedule.perPosition?.curves({ ids: new Int32Array(2), positions: Int32Array.of(0, 1) });
      curves?.(1).alpha(0.5);
    }
  } finally {
    await pipeline.dispose();
  }
}

const draws = (count: number) => ({
  tokens: new Int32Array(count),
  logProbs: new Float32Array(count),
  entropy: new Float32Array(count),
  margin: new Float32Array(count),
});
const drawing = (draw: (count: number) => unknown) => () => ({
  ...fake,
  denoise: async (input: Parameters<typeof fake.denoise>[0]) => {
    const distributions = await fake.denoise(input);
    return { ...distributions, draw: async () => draw(distributions.count) };
  },
});
const boom = () => {
  throw new TypeError("boom");
};

const parts = { schedule: powerNoise(1), tokenizer, denoiser: fake, sampler: atOnce, backend };

describe("a component of a plugin that does what its contract asks", () => {
  it.each(Object.entries(parts) as [ComponentKind, object][])(
    "of kind %s is used as it is",
    async (kind, part) => {
      await use(kind, () => part);
      await use(kind, () => Object.freeze({ ...part })); // frozen components, too
      await use("collator", () => ({ name: "none", collate: () => batch }));
    },
  );

  it("is asked everything that it may be asked, what its contract learns later too", async () => {
    const heard: unknown[][] = [];
    const hears = <Answer>(answer: Answer) =>
      ((...asked: unknown[]) => {
        heard.push(asked);
        return answer;
      }) as never;
    const denoiser = {
      ...fake,
      denoise: async (...asked: Parameters<typeof fake.denoise>) => {
        heard.push(asked);
        const distributions = await fake.denoise(asked[0]);
        return { ...distributions, draw: hears(draws(1)), logProbsOf: hears(new Float32Array(1)) };
      },
    };
    const input = {
      batch: 1,
      seq: 1,
      ids: Int32Array.of(tokenizer.special.mask),
      attentionMask: Uint8Array.of(1),
      time: Float64Array.of(1),
      positions: Int32Array.of(0),
    };
    const told = async (call: Promise<unknown> | unknown) => {
      await call;
      return heard.splice(0).at(-1);
    };
    const of = async (
      kind: ComponentKind,
      create: () => unknown,
    ): Promise<Record<string, (...asked: unknown[]) => unknown>> =>
      (await (await pipelineOf(kind, create)).get(kind)) as never;
    const checked = await of("denoiser", () => denoiser);
    expect(await told(checked.denoise(input, "later"))).toEqual([input, "later"]);
    const distributions = (await checked.denoise(input)) as typeof checked;
    expect(await told(distributions.draw(1, 2, 3, 4, "later"))).toEqual([1, 2, 3, 4, "later"]);
    expect(await told(distributions.logProbsOf(1, "later"))).toEqual([1, "later"]);
    const sampler = await of("sampler", () => ({
      ...atOnce,
      request: hears(new Int32Array(0)),
      decide: hears({ commit: [], remask: [] }),
    }));
    expect(await told(sampler.request(1, "later"))).toEqual([1, "later"]);
    expect(await told(sampler.decide(1, 2, "later"))).toEqual([1, 2, "later"]);
    const collator = await of("collator", () => ({ name: "x", collate: hears(batch) }));
    expect(await told(collator.collate(1, 2, 3, "later"))).toEqual([1, 2, 3, "later"]);
    const letters = await of("tokenizer", () => ({
      ...tokenizer,
      encode: hears(new Int32Array(0)),
      decode: hears(""),
    }));
    expect(await told(letters.encode(1, 2, "later"))).toEqual([1, 2, "later"]);
    expect(await told(letters.decode(1, 2, "later"))).toEqual([1, 2, "later"]);
  });

  it("keeps what it has besides its contract, its private members and what changes", async () => {
    class Counting {
      #calls = 0;
      readonly name = "counting";
      readonly tokenRule = { temperature: 1 };
      readonly steps = 1;
      readonly revises = false;
      get calls() {
        return this.#calls;
      }
      request(row: { masked: Int32Array }) {
        this.#calls++;
        return row.masked;
      }
      decide = atOnce.decide;
      own() {
        return `${this.#calls} calls`;
      }
    }
    const pipeline = await pipelineOf("sampler", () => new Counting());
    const sampler = (await pipeline.get("sampler")) as unknown as Counting;
    expect([sampler.calls, sampler.own()]).toEqual([0, "0 calls"]);
    await pipeline.generate({ length: 4 });
    expect([sampler.calls, sampler.own(), sampler instanceof Counting]).toEqual([1, "1 calls", true]);
  });
});

const broken: Record<string, [ComponentKind, () => unknown, RegExp]> = {
  "a factory that returns nothing": [
    "sampler",
    () => undefined,
    /expected an object from create .*got undefined/,
  ],
  "a sampler without decide": [
    "sampler",
    () => ({ ...atOnce, decide: undefined }),
    /a component with decide, a function, .*got undefined/,
  ],
  "a sampler that requests a list": [
    "sampler",
    () => ({ ...atOnce, request: () => [0] }),
    /an Int32Array of positions from request .*got a list of 1/,
  ],
  "a sampler that decides nothing": [
    "sampler",
    () => ({ ...atOnce, decide: () => undefined }),
    /\{ commit, remask \}, two lists, from decide .*got undefined/,
  ],
  "a schedule that is not a number": [
    "schedule",
    () => ({ ...powerNoise(1), alpha: () => Number.NaN, maskRate: undefined }),
    /a number from 0 to 1 from alpha\(.*got NaN/,
  ],
  "a schedule whose derivative is not a number": [
    "schedule",
    () => ({ ...powerNoise(1), alphaDerivative: () => undefined }),
    /a number from alphaDerivative\(0.5\) .*got undefined/,
  ],
  "a schedule whose inverse leaves the clock": [
    "schedule",
    () => ({ ...powerNoise(1), timeAt: () => 2 }),
    /a number from 0 to 1 from timeAt\(.*got 2/,
  ],
  "a curve that is none": [
    "schedule",
    () => ({ ...powerNoise(1), perPosition: { dependsOn: "places", curves: () => () => undefined } }),
    /a curve of position 1 from perPosition.curves .*got undefined/,
  ],
  "a collator with a short mask": [
    "collator",
    () => ({ name: "x", collate: () => ({ ...batch, noiseMask: new Uint8Array(1) }) }),
    /noiseMask of shape \[1, 2\] from collate .*got Uint8Array of 1/,
  ],
  "a collator with too many times": [
    "collator",
    () => ({ name: "x", collate: () => ({ ...batch, time: new Float64Array(2) }) }),
    /time of shape \[1\] from collate .*got Float64Array of 2/,
  ],
  "a collator with infinite weights": [
    "collator",
    () => ({ name: "x", collate: () => ({ ...batch, lossWeight: Float32Array.of(1, Infinity) }) }),
    /a finite lossWeight at index 1 .*got Infinity/,
  ],
  "a collator that returns nothing": [
    "collator",
    () => ({ name: "x", collate: () => undefined }),
    /a batch of at least one row and one token from collate .*got undefined/,
  ],
  "a denoiser with too few draws": [
    "denoiser",
    drawing((count) => ({ ...draws(count), entropy: new Float32Array(count - 1) })),
    /2 numbers in entropy from draw .*got Float32Array of 1/,
  ],
  "a denoiser that draws text": [
    "denoiser",
    drawing((count) => ({ ...draws(count), tokens: ["a", "b"] })),
    /an Int32Array of 2 tokens from draw .*got a list of 2/,
  ],
  "a denoiser that draws beyond its vocabulary": [
    "denoiser",
    drawing((count) => ({ ...draws(count), tokens: new Int32Array(count).fill(99) })),
    /token ids in \[0, 9\) from draw .*got 99/,
  ],
  "a denoiser that answers nothing": [
    "denoiser",
    () => ({ ...fake, denoise: async () => ({}) }),
    /distributions with the method draw from denoise .*got an empty object/,
  ],
  "a tokenizer with ids beyond its vocabulary": [
    "tokenizer",
    () => ({ ...tokenizer, encode: () => Int32Array.of(77) }),
    /token ids in \[0, 9\) from encode .*got 77/,
  ],
  "a tokenizer whose mask is none of its tokens": [
    "tokenizer",
    () => ({ ...tokenizer, special: { mask: -1 } }),
    /token ids in \[0, 9\) in special\.mask .*got -1/,
  ],
  "a tokenizer that decodes to nothing": [
    "tokenizer",
    () => ({ ...tokenizer, decode: () => undefined }),
    /a text from decode .*got undefined/,
  ],
  "a backend that does not say what it is": [
    "backend",
    () => ({ ...backend, capabilities: {} }),
    /capabilities with device and trains once started .*got an empty object/,
  ],
  "a backend that counts below nothing": [
    "backend",
    () => ({ ...backend, memory: () => ({ tensors: -1, bytes: 0 }) }),
    /counts of tensors and bytes from memory .*got an object with tensors, bytes/,
  ],
};

describe("what breaks its contract is named, with its plugin and what was expected", () => {
  it.each(Object.entries(broken))("%s", async (_, [kind, create, expected]) => {
    const error = await use(kind, create).catch((thrown: unknown) => thrown);
    expect(DiffusionError.is(error, "PLUGIN_INVALID"), String(error)).toBe(true);
    expect(String(error)).toMatch(expected);
    expect(String(error)).toContain(`[textdiffusion-plugin-of-mine/mine]`);
    expect(String(error)).toContain(`from ${kind} "mine" of plugin "textdiffusion-plugin-of-mine"`);
    expect(String(error)).toContain("Laws of @textdiffusion/testkit");
  });
});

describe("what a plugin's code throws is the cause of an error that names it", () => {
  it.each([
    ["sampler", "create", boom],
    ["sampler", "request", () => ({ ...atOnce, request: boom })],
    ["sampler", "decide", () => ({ ...atOnce, decide: boom })],
    ["schedule", "alphaDerivative", () => ({ ...powerNoise(1), alphaDerivative: boom })],
    ["collator", "collate", () => ({ name: "x", collate: boom })],
    ["denoiser", "denoise", () => ({ ...fake, denoise: boom })],
    ["denoiser", "denoise", () => ({ ...fake, denoise: async () => boom() })],
    ["denoiser", "draw", drawing(boom)],
    ["tokenizer", "encode", () => ({ ...tokenizer, encode: boom })],
    ["backend", "start", () => ({ ...backend, start: boom })],
  ] as [ComponentKind, string, () => unknown][])("%s, %s", async (kind, method, create) => {
    const error = (await use(kind, create).catch((thrown: unknown) => thrown)) as DiffusionError;
    expect(DiffusionError.is(error, "PLUGIN_FAILED"), String(error)).toBe(true);
    expect(error.message).toContain(
      `expected ${method} of ${kind} "mine" of plugin "textdiffusion-plugin-of-mine" to return, got "boom" thrown`,
    );
    expect(error.cause).toBeInstanceOf(TypeError);
  });

  it("but for errors of ours, which say already what they are about", async () => {
    const own = new DiffusionError({ code: "FILE_NOT_FOUND", component: "mine", problem: "x", remedy: "y" });
    const thrown = use("sampler", () => {
      throw own;
    });
    await expect(thrown).rejects.toBe(own);
  });
});

it("the loop, too, names the plugin of a sampler that breaks its rules", async () => {
  const careless = () => ({ ...atOnce, decide: () => ({ commit: [], remask: [] }) });
  await expect(use("sampler", careless)).rejects.toThrow(
    /^\[textdiffusion-plugin-of-mine\/mine\] expected no mask left.*SAMPLER_INVALID/,
  );
});
