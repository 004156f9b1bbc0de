import {
  byName,
  createPipeline,
  type Denoiser,
  defineDenoiser,
  definePlugin,
  defineSampler,
  type PipelineConfig,
  type Sampler,
} from "@textdiffusion/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { diaryPlugin, refused, sampler, values } from "./pipeline-parts.js";

describe("nested choices", () => {
  /** `twice` is a sampler made of another one; `mix` a denoiser made of several. */
  function nestedPlugin() {
    const { diary, plugin } = diaryPlugin();
    const anySampler = z.unknown() as z.ZodType<Sampler>;
    const anyDenoisers = z.unknown() as z.ZodType<Denoiser[]>;
    const nested = definePlugin({
      ...plugin,
      samplers: [
        ...plugin.samplers,
        defineSampler({
          name: "twice",
          description: "",
          options: z.strictObject({ sampler: anySampler.default("at-once" as never) }),
          choices: { sampler: "sampler" },
          create: ({ sampler }) => {
            diary.push(`made twice of ${sampler.name}, ${sampler.steps} steps`);
            return { ...sampler, name: `twice ${sampler.name}` };
          },
        }),
      ],
      denoisers: [
        ...plugin.denoisers,
        defineDenoiser({
          name: "mix",
          description: "",
          options: z.strictObject({ members: anyDenoisers }),
          choices: { members: "denoiser" },
          create: ({ members }) => {
            diary.push(`mixed ${members.length}`);
            return { ...members[0], name: "mix", dispose: () => void diary.push("disposed mix") };
          },
        }),
      ],
    });
    return { diary, plugin: nested };
  }
  const rest = { backend: byName("paper"), tokenizer: byName("letters"), denoiser: byName("fake") };

  it("are composed before what they are nested in, to any depth, with their own options", async () => {
    const { diary, plugin } = nestedPlugin();
    const config: PipelineConfig = {
      ...rest,
      plugins: [plugin],
      sampler: byName({
        name: "twice",
        sampler: { name: "twice", sampler: { name: "at-once", steps: 5 } },
      }),
    };
    const pipeline = await createPipeline(config);
    expect(diary).toEqual([]);
    expect((await pipeline.get("sampler")).name).toBe("twice twice at-once");
    expect(diary).toEqual([
      "made sampler of 5",
      "made twice of at-once, 5 steps",
      "made twice of twice at-once, 5 steps",
    ]);
  });

  it("may be left to a default, or be the thing itself", async () => {
    const { plugin } = nestedPlugin();
    const named = await createPipeline({ plugins: [plugin], sampler: byName("twice") });
    expect((await named.get("sampler")).steps).toBe(2);
    const mine = { ...sampler(7), name: "mine" };
    const given = await createPipeline({
      plugins: [plugin],
      sampler: byName({ name: "twice", sampler: mine }),
    });
    expect(await given.get("sampler")).toMatchObject({ name: "twice mine", steps: 7 });
  });

  it("get the dependencies of their kind, may stand in lists, and are disposed of by the pipeline", async () => {
    const { diary, plugin } = nestedPlugin();
    const own = { ...values.denoiser, dispose: () => void diary.push("disposed what was passed in") };
    const pipeline = await createPipeline({
      ...rest,
      plugins: [plugin],
      denoiser: byName({ name: "mix", members: ["fake", { name: "fake" }, own] }),
    });
    expect((await pipeline.get("denoiser")).name).toBe("mix");
    expect(diary.filter((line) => line === "made denoiser on paper")).toHaveLength(2);
    expect(diary.at(-1)).toBe("mixed 3");
    diary.length = 0;
    await pipeline.dispose();
    expect(diary).toEqual(["disposed mix", "disposed denoiser", "disposed denoiser", "disposed backend"]);
  });

  it.each([
    [
      "an unknown name",
      "at-onse",
      "UNKNOWN_COMPONENT",
      /sampler at sampler\.sampler, got "at-onse". Known: /,
    ],
    ["an unknown option", { name: "at-once", step: 1 }, "UNKNOWN_OPTION", /sampler\.sampler\.step.*"steps"/],
    ["a bad option", { name: "at-once", steps: 0 }, "CONFIG_INVALID", /sampler\.sampler\.steps/],
    ["a number", 4, "CONFIG_INVALID", /sampler\.sampler to be a name.*got 4/],
    ["a mistake further in", { name: "twice", sampler: {} }, "CONFIG_INVALID", /sampler\.sampler\.sampler/],
    ["a mistake in a list", ["at-once", "x"], "UNKNOWN_COMPONENT", /at sampler\.sampler\.1, got "x"/],
  ] as const)("with %s are refused before anything is built", async (_, nested, code, pattern) => {
    const { diary, plugin } = nestedPlugin();
    const config = { plugins: [plugin], sampler: byName({ name: "twice", sampler: nested }) };
    await refused(code, pattern, createPipeline(config));
    expect(diary).toEqual([]);
  });
});
