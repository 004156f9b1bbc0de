import { byName, createPipeline, defineDenoiser, type PipelineConfig, tokens } from "@textdiffusion/core";
import { fakeDenoiser, oracleDenoiser, powerNoise } from "@textdiffusion/testkit";
import { ContainerModule } from "inversify";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  diaryPlugin,
  maskTokenId,
  refused,
  sampler,
  tokenizer,
  values,
  vocabularySize,
} from "./pipeline-parts.js";

describe("a pipeline of values", () => {
  it("writes the oracle's text after the prompt", async () => {
    const text = tokenizer.encode("a bad cab");
    const pipeline = await createPipeline({ ...values, denoiser: oracleDenoiser({ vocabularySize, text }) });
    const { texts, seq, steps, forwards } = await pipeline.generate({ prompts: ["a b", ""] });
    expect({ texts, seq, steps, forwards }).toEqual({
      texts: ["a bad cab", "a bad cab"],
      seq: 9,
      steps: 1,
      forwards: 1,
    });
  });

  it("never writes special tokens unless they are allowed", async () => {
    const pipeline = await createPipeline(values);
    const text = new Set((await pipeline.generate({ length: 400 })).ids);
    expect(tokenizer.specialIds.some((id) => text.has(id))).toBe(false);
    const { end } = tokenizer.special;
    const withEnd = new Set((await pipeline.generate({ length: 400, allowSpecial: [end ?? -1] })).ids);
    expect(tokenizer.specialIds.filter((id) => withEnd.has(id))).toEqual([end]);
  });

  it("gives the same text for the same seed, and seed 0 by default", async () => {
    const pipeline = await createPipeline(values);
    const text = async (seed?: number) => (await pipeline.generate({ length: 40, seed })).texts[0];
    expect(await text()).toBe(await text(0));
    expect(await text(1)).not.toBe(await text(0));
  });

  it("streams the events of the loop", async () => {
    const pipeline = await createPipeline(values);
    const kinds: string[] = [];
    for await (const { kind } of pipeline.stream({ length: 4 })) kinds.push(kind);
    expect(kinds).toEqual(["started", "step", "finished"]);
  });

  it("refuses to write more than the denoiser can see, before it lays out a page", async () => {
    const pipeline = await createPipeline(values);
    await refused(
      "PROMPT_INVALID",
      /at most 512 tokens, got 1000000000000 in prompt 0/,
      pipeline.generate({ length: 1e12 }),
    );
    await refused(
      "PROMPT_INVALID",
      /at most 512 tokens.*got 600/,
      pipeline.generate({ prompts: [[{ gap: 600 }]] }),
    );
    await refused("PROMPT_INVALID", /512/, pipeline.generate({ prompts: [["a", { gap: 1e12 }]] }));
  });

  it("can be aborted", async () => {
    const pipeline = await createPipeline(values);
    await refused("ABORTED", /before step 0/, pipeline.generate({ length: 4, signal: AbortSignal.abort() }));
  });
});

describe("a pipeline of names", () => {
  const config = (plugin: ReturnType<typeof diaryPlugin>["plugin"]): PipelineConfig => ({
    plugins: [plugin],
    schedule: powerNoise(2),
    backend: byName("paper"),
    tokenizer: byName("letters"),
    denoiser: byName({ name: "fake" }),
    sampler: byName({ name: "at-once", steps: 1 }),
    collator: byName("none"),
  });

  it("builds what is asked for when it is asked for, once, after what it depends on", async () => {
    const { diary, plugin } = diaryPlugin();
    const pipeline = await createPipeline(config(plugin));
    expect(diary).toEqual([]);
    await Promise.all([
      pipeline.generate({ length: 4 }),
      pipeline.generate({ length: 5 }),
      pipeline.get("denoiser"),
    ]);
    expect(diary.slice().sort()).toEqual([
      "made denoiser on paper",
      "made sampler of 1",
      "made tokenizer",
      "started backend",
    ]);
    expect(diary.indexOf("made denoiser on paper")).toBeGreaterThan(diary.indexOf("started backend"));
    expect(await pipeline.get("sampler")).toBe(await pipeline.get("sampler"));
    expect((await pipeline.get("collator")).name).toBe("none under power-2");
  });

  it("keeps the rules of a request through every check on the way", async () => {
    const pipeline = await createPipeline(config(diaryPlugin().plugin));
    const rules = [..."abcdef"].map((letter, position) => ({ position, allowed: [letter] }));
    expect((await pipeline.generate({ length: 6, rules })).texts).toEqual(["abcdef"]);
  });

  it("disposes of what it made, the last first, once, and of nothing that was passed in", async () => {
    const { diary, plugin } = diaryPlugin();
    const pipeline = await createPipeline(config(plugin));
    await pipeline.get("denoiser");
    diary.length = 0;
    await Promise.all([pipeline.dispose(), pipeline.dispose()]);
    expect(diary).toEqual(["disposed denoiser", "disposed backend"]);

    let disposed = false;
    const mine = {
      ...values.denoiser,
      dispose: () => {
        disposed = true;
      },
    };
    await (await createPipeline({ ...values, denoiser: mine })).dispose();
    expect(disposed).toBe(false);
  });

  it("disposes of the rest when one part fails to go, and says why", async () => {
    const { diary, plugin } = diaryPlugin();
    const pipeline = await createPipeline(config(plugin));
    const denoiser = await pipeline.get("denoiser");
    denoiser.dispose = () => {
      throw new Error("stuck");
    };
    await expect(pipeline.dispose()).rejects.toThrow("stuck");
    expect(diary.at(-1)).toBe("disposed backend");
  });

  it("is of no use once disposed", async () => {
    const pipeline = await createPipeline(values);
    await pipeline.dispose();
    await refused("DISPOSED", /live pipeline/, pipeline.get("sampler"));
    await refused("DISPOSED", /live pipeline/, pipeline.generate());
  });

  it("needs a backend for a denoiser that looks at it, and for no other", async () => {
    const { plugin } = diaryPlugin();
    const { backend: _, ...without } = config(plugin);
    const looking = await createPipeline(without);
    await refused(
      "CONFIG_INVALID",
      /expected a backend in the config.*Known: paper/,
      looking.get("denoiser"),
    );
    const remote = defineDenoiser({
      name: "remote",
      description: "",
      options: z.strictObject({}),
      create: (_options, { tokenizer: { vocabularySize } }) => fakeDenoiser({ vocabularySize, maskTokenId }),
    });
    const plugins = [{ ...plugin, denoisers: [remote] }];
    const pipeline = await createPipeline({ ...without, plugins, denoiser: byName("remote") });
    expect((await pipeline.get("denoiser")).vocabularySize).toBe(vocabularySize);
  });

  it("shares nothing with another pipeline of the same config", async () => {
    const { diary, plugin } = diaryPlugin();
    const [first, second] = [await createPipeline(config(plugin)), await createPipeline(config(plugin))];
    expect(await first.get("denoiser")).not.toBe(await second.get("denoiser"));
    await first.dispose();
    expect(diary.filter((line) => line.startsWith("disposed"))).toHaveLength(2);
    expect((await second.generate({ length: 4 })).texts[0]).toHaveLength(4);
  });

  it("passes on what a factory throws, as the cause of an error that names it", async () => {
    const { plugin } = diaryPlugin();
    const pipeline = await createPipeline({
      ...config(plugin),
      denoiser: byName({ name: "fake", fails: true }),
    });
    await expect(pipeline.get("denoiser")).rejects.toMatchObject({
      code: "PLUGIN_FAILED",
      message: expect.stringContaining(
        'create of denoiser "fake" of plugin "diary" to return, got "no such file"',
      ),
      cause: new Error("no such file"),
    });
  });
});

describe("ContainerModule", () => {
  it("rebinds a part, and what depends on it gets the new one", async () => {
    const { plugin } = diaryPlugin();
    const other = new ContainerModule(({ rebind }) => {
      rebind(tokens.schedule).toConstantValue(powerNoise(3));
    });
    const pipeline = await createPipeline({
      plugins: [plugin],
      schedule: powerNoise(1),
      tokenizer,
      collator: byName("none"),
      modules: [other],
    });
    expect((await pipeline.get("schedule")).name).toBe("power-3");
    expect((await pipeline.get("collator")).name).toBe("none under power-3");
  });

  it("may bind what the config leaves out", async () => {
    const { sampler: chosen, ...rest } = values;
    const module = new ContainerModule(({ bind }) => {
      bind(tokens.sampler).toConstantValue(chosen);
    });
    const pipeline = await createPipeline({ ...rest, modules: [module] });
    expect((await pipeline.generate({ length: 6 })).texts[0]).toHaveLength(6);
  });

  it("may bind a part that the config has: its own comes first", async () => {
    const other = sampler(3);
    const module = new ContainerModule(({ bind }) => {
      bind(tokens.sampler).toConstantValue(other);
    });
    const pipeline = await createPipeline({ ...values, modules: [module] });
    expect(await pipeline.get("sampler")).toBe(other);
  });

  it("takes back what it bound when the pipeline is disposed of", async () => {
    const gone: string[] = [];
    const module = new ContainerModule(({ rebind, onDeactivation }) => {
      rebind(tokens.schedule).toDynamicValue(() => powerNoise(5));
      onDeactivation(tokens.schedule, (schedule) => void gone.push((schedule as { name: string }).name));
    });
    const pipeline = await createPipeline({ ...values, modules: [module] });
    await pipeline.get("schedule");
    await pipeline.dispose();
    expect(gone).toEqual(["power-5"]);
  });
});

describe("a config that is wrong", () => {
  const create = (config: unknown) => createPipeline(config as PipelineConfig);
  const { plugin } = diaryPlugin();

  it.each([
    ["an unknown key", { ...values, samplr: "x" }, "UNKNOWN_OPTION", /"samplr". Known: .*"sampler"/],
    [
      "an unknown name",
      { plugins: [plugin], sampler: "at-onse" },
      "UNKNOWN_COMPONENT",
      /"at-onse". Known: "at-once"/,
    ],
    [
      "an unknown option",
      { plugins: [plugin], sampler: { name: "at-once", step: 1 } },
      "UNKNOWN_OPTION",
      /sampler\.step.*"steps"/,
    ],
    [
      "a bad option",
      { plugins: [plugin], sampler: { name: "at-once", steps: 0 } },
      "CONFIG_INVALID",
      /sampler\.steps/,
    ],
    ["a number for a name", { plugins: [plugin], sampler: 4 }, "CONFIG_INVALID", /sampler.*got 4/],
    ["null for a name", { plugins: [plugin], sampler: null }, "CONFIG_INVALID", /sampler.*got null/],
    [
      "options without a name",
      { plugins: [plugin], sampler: { steps: 2 } },
      "CONFIG_INVALID",
      /sampler.*name/,
    ],
    ["no object", null, "CONFIG_INVALID", /config.*got null/],
    ["a list", [], "CONFIG_INVALID", /config/],
    ["plugins that are no list", { plugins: plugin }, "CONFIG_INVALID", /plugins.*list/],
  ] as const)("%s", async (_, config, code, pattern) => {
    await refused(code, pattern, create(config));
  });

  it("a missing part is named when it is needed", async () => {
    const { sampler: _, ...rest } = values;
    const pipeline = await createPipeline({ ...rest, plugins: [plugin] });
    await refused("CONFIG_INVALID", /a sampler in the config, got none.*at-once/, pipeline.generate());
  });
});
