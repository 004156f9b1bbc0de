import { API_VERSION, definePlugin, defineSampler, defineSchedule, type Plugin } from "@textdiffusion/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type Law, pluginLaws, powerNoise } from "../index.js";

const strict = z.strictObject({ power: z.number().default(2).describe("of t") });
const steep = defineSchedule({
  name: "steep",
  description: "Noise that rises late.",
  options: strict,
  create: ({ power }) => powerNoise(power),
});
const plugin = (changes: object = {}): Plugin =>
  definePlugin({
    name: "textdiffusion-plugin-steep",
    apiVersion: API_VERSION,
    schedules: [{ ...steep, ...changes }],
  });

async function broken(laws: readonly Law[]): Promise<string[]> {
  const names: string[] = [];
  for (const { name, skip, run } of laws) {
    if (skip !== undefined) continue;
    try {
      await run();
    } catch (error) {
      expect((error as Error).message).toMatch(/expected .*got/s);
      names.push(name);
    }
  }
  return names;
}

describe("pluginLaws", () => {
  it("hold for a small plugin, and are those of its contracts and its manifest", async () => {
    const laws = await pluginLaws(plugin(), { load: async () => undefined });
    expect(await broken(laws)).toEqual([]);
    expect(laws.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        "is-a-plain-value",
        "schedule/steep/options-are-described",
        "schedule/steep/never-rises",
      ]),
    );
  });

  it.each([
    ["options that take anything", { options: z.looseObject(strict.shape) }, ["options-refuse-unknown-keys"]],
    [
      "options without a description",
      { options: z.strictObject({ power: z.number().default(2) }) },
      ["options-are-described"],
    ],
    ["a description of two lines", { description: "One.\nTwo." }, ["describes-itself"]],
    [
      "a component that breaks its contract",
      { create: () => ({ ...powerNoise(1), timeAt: (alpha: number) => Math.min(1, Math.max(0, alpha)) }) },
      ["inverse-returns", "inverse-is-clamped"],
    ],
  ])("catch %s", async (_, changes, breaks) => {
    const laws = await pluginLaws(plugin(changes));
    expect(await broken(laws)).toEqual(breaks.map((law) => `schedule/steep/${law}`));
  });

  it("catch an option that must be given, unless the manifest says so", async () => {
    const needy = { options: z.strictObject({ power: z.number().describe("of t") }) };
    const setting = () => ({ options: { power: 3 } });
    expect(await broken(await pluginLaws(plugin(needy), { setting }))).toEqual([
      "schedule/steep/options-decode-from-nothing",
    ]);
    const said = {
      ...needy,
      exceptions: [{ law: "options-decode-from-nothing", reason: "only the text knows" }],
    };
    const laws = await pluginLaws(plugin(said), { setting });
    expect(await broken(laws)).toEqual([]);
    expect(laws.find(({ name }) => name === "schedule/steep/options-decode-from-nothing")?.skip).toBe(
      "only the text knows",
    );
  });

  it("catch an import that leaves something behind", async () => {
    const load = async () => {
      (globalThis as Record<string, unknown>).leftByAPlugin = true;
    };
    expect(await broken(await pluginLaws(plugin(), { load }))).toEqual(["importing-changes-nothing"]);
    delete (globalThis as Record<string, unknown>).leftByAPlugin;
  });

  it("refuse an exception to no law, and a plugin that is none", async () => {
    const exceptions = [{ law: "never-rising", reason: "x" }];
    await expect(pluginLaws(plugin({ exceptions }))).rejects.toThrow(/known law to skip, got "never-rising"/);
    const nameless = { name: "", apiVersion: API_VERSION } as Plugin;
    await expect(pluginLaws(nameless)).rejects.toThrow(/PLUGIN_INVALID/);
  });

  it("run samplers by their contract, too", async () => {
    const stubborn = defineSampler({
      name: "stubborn",
      description: "Writes nothing.",
      options: z.strictObject({}),
      create: () => ({
        name: "stubborn",
        tokenRule: { temperature: 1 },
        steps: 2,
        revises: false,
        request: (row) => row.masked,
        decide: () => ({ commit: [], remask: [] }),
      }),
    });
    const laws = await pluginLaws({ name: "x", apiVersion: API_VERSION, samplers: [stubborn] });
    const names: string[] = [];
    for (const law of laws)
      if (law.skip === undefined)
        await Promise.resolve()
          .then(law.run)
          .catch(() => names.push(law.name));
    expect(names).toContain("sampler/stubborn/ends-without-masks");
  });
});
