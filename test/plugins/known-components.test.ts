import { backendWebPlugin } from "@textdiffusion/backend-web";
import { componentKinds, createPipeline, type KnownChoice, type KnownName } from "@textdiffusion/core";
import {
  byName,
  type ComponentKind,
  defaultPlugins,
  defineConfig,
  Registry,
  thresholdSampler,
} from "textdiffusion";
import { assertType, describe, expect, expectTypeOf, it } from "vitest";

/** What a plugin's package has beside its plugin. */
interface WaveOptions {
  readonly height: number;
  readonly steps?: number;
}

declare module "@textdiffusion/core" {
  interface KnownSamplers {
    "test-wave": WaveOptions;
  }
}

describe("the types of a config", () => {
  it("take known names, known options, and components themselves", () => {
    defineConfig({
      backend: "onnx",
      schedule: { name: "log-linear", epsilon: 0.01 },
      collator: { name: "mdlm", rowLength: 64 },
      sampler: { name: "confidence", steps: 8, temperature: 0.7 },
    });
    defineConfig({ schedule: { name: "linear" }, sampler: thresholdSampler() });
    defineConfig({
      denoiser: { name: "guided", scale: 2, denoiser: { name: "huggingface", cache: "dual" } },
    });
    defineConfig({ sampler: { name: "blocks", size: 8, sampler: { name: "random", steps: 8 } } });
    assertType<KnownChoice<"sampler">>({ name: "test-wave", height: 2 });
    defineConfig({ sampler: { name: "test-wave", height: 2, steps: 3 } });
    expectTypeOf<"test-wave">().toExtend<KnownName<"sampler">>();
    expectTypeOf<Extract<KnownChoice<"schedule">, { name: "power" }>["power"]>().toEqualTypeOf<
      number | undefined
    >();
  });

  it("refuse typos in names", () => {
    // @ts-expect-error no such sampler
    defineConfig({ sampler: "confidense" });
    // @ts-expect-error no such sampler
    defineConfig({ sampler: { name: "confidense", steps: 8 } });
    // @ts-expect-error a sampler is no schedule
    defineConfig({ schedule: "confidence" });
    // @ts-expect-error no such backend
    defineConfig({ backend: { name: "onxx" } });
    // @ts-expect-error no such collator
    defineConfig({ collator: { name: "mdml" } });
    // @ts-expect-error no such kind
    defineConfig({ samplr: "confidence" });
    // @ts-expect-error a name of any text may be a typo
    defineConfig({ sampler: "confidence" as string });
  });

  it("refuse typos in options", () => {
    // @ts-expect-error no such option
    defineConfig({ sampler: { name: "confidence", stepz: 8 } });
    // @ts-expect-error an option of another sampler, and a member of every sampler
    defineConfig({ sampler: { name: "threshold", steps: 8 } });
    // @ts-expect-error linear has no options, though every schedule has an epsilon
    defineConfig({ schedule: { name: "linear", epsilon: 0 } });
    // @ts-expect-error not a number
    defineConfig({ sampler: { name: "confidence", steps: "8" } });
    // @ts-expect-error an option that must be there
    defineConfig({ sampler: { name: "test-wave" } });
    // @ts-expect-error no such option of a plugin's component
    defineConfig({ sampler: { name: "test-wave", height: 1, hight: 1 } });
    // @ts-expect-error no such option of a collator
    defineConfig({ collator: { name: "mdlm", rowLenght: 64 } });
    // @ts-expect-error no such option of the sampler within
    defineConfig({ sampler: { name: "blocks", sampler: { name: "random", stepz: 8 } } });
    // @ts-expect-error no such key of a part
    defineConfig({ training: { step: 10 } });
  });

  it("hold for createPipeline, too", () => {
    const compiled = () => [
      createPipeline({ sampler: { name: "confidence", steps: 8 }, tokenizer: "byte-level" }),
      // @ts-expect-error no such option
      createPipeline({ sampler: { name: "confidence", stepz: 8 } }),
      // @ts-expect-error no such tokenizer
      createPipeline({ tokenizer: "bytes" }),
    ];
    expect(compiled).toBeTypeOf("function"); // compiled, never called
  });

  it("let a name that they do not know pass as one, checked when it is composed", async () => {
    const choice = byName({ name: "theirs", steps: 8 });
    expect(defineConfig({ sampler: choice }).sampler).toEqual({ name: "theirs", steps: 8 });
    expect(byName(undefined)).toBeUndefined();
    expectTypeOf(byName("theirs")).not.toExtend<undefined>();
    await expect(createPipeline({ plugins: defaultPlugins, sampler: choice })).rejects.toThrow(
      /known sampler, got "theirs".*UNKNOWN_COMPONENT/,
    );
  });
});

/** Complete and without surplus for the compiler; the test compares it with what the plugins bring. */
type Names = { readonly [Kind in ComponentKind]: Readonly<Record<KnownName<Kind>, true>> };

const names: Names = {
  backend: {
    auto: true,
    cpu: true,
    cuda: true,
    onnx: true,
    tensorflow: true,
    wasm: true,
    webgl: true,
    webgpu: true,
  },
  callback: { samples: true, "time-limit": true },
  collator: {
    "article-head": true,
    "article-v1": true,
    "bert-ablation": true,
    complementary: true,
    "exact-count": true,
    grid: true,
    llada: true,
    masking: true,
    maskgit: true,
    mdlm: true,
    "prompt-response": true,
    stratified: true,
  },
  denoiser: { guided: true, huggingface: true, "next-aligned": true, onnx: true, reusing: true },
  sampler: {
    ancestral: true,
    blocks: true,
    confidence: true,
    editing: true,
    entropy: true,
    "entropy-bound": true,
    factor: true,
    "first-hitting": true,
    "left-to-right": true,
    margin: true,
    maskgit: true,
    "path-planning": true,
    random: true,
    remasking: true,
    remdm: true,
    "surest-share": true,
    "test-wave": true,
    threshold: true,
  },
  schedule: {
    cosine: true,
    "cosine-squared": true,
    geometric: true,
    "left-to-right": true,
    linear: true,
    log: true,
    "log-linear": true,
    "mdlm-cosine": true,
    power: true,
    "sigma-linear": true,
    sigmoid: true,
    spindle: true,
    sqrt: true,
  },
  source: { hub: true, "json-lines": true, parquet: true, text: true },
  tokenizer: { "byte-level": true, huggingface: true },
};

it("the types know every component that our plugins bring, and no other", () => {
  const registry = new Registry(defaultPlugins);
  const pages = new Registry([backendWebPlugin]); // its backends take the place of Node's
  for (const kind of componentKinds) {
    const known = Object.keys(names[kind]).filter((name) => !name.startsWith("test-"));
    const named = new Set([...registry.names(kind), ...pages.names(kind)]);
    expect([kind, ...known.sort()]).toEqual([kind, ...[...named].sort()]);
  }
});
