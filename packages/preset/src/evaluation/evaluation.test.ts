import { Registry, stepsOf } from "@textdiffusion/core";
import { samplersPlugin } from "@textdiffusion/samplers";
import { describe, expect, it } from "vitest";
import { laboratoryEntries } from "./laboratory-entries.js";
import { splitText } from "./split-text.js";

describe("splitText", () => {
  it("holds back the last share, without a rest and without cutting a character", () => {
    expect(splitText("abcdefghij", 0.2)).toEqual({ before: "abcdefgh", last: "ij" });
    expect(splitText("abc", 1)).toEqual({ before: "", last: "abc" });
    for (const share of [0.1, 0.25, 0.3, 0.5, 0.75]) {
      const { before, last } = splitText("a👩b👩c👩", share);
      expect(before + last).toBe("a👩b👩c👩");
      expect(() => [before, last].map(encodeURIComponent)).not.toThrow(); // as half a character would
    }
  });

  it.each([0, -1, 1.5, Number.NaN])("refuses %s", (share) => {
    expect(() => splitText("abc", share)).toThrow(/CONFIG_INVALID/);
  });
});

describe("laboratoryEntries", () => {
  const registry = new Registry([samplersPlugin]);

  it("runs samplers with steps at each number, the others once", async () => {
    const entries = await laboratoryEntries(registry, ["random", "threshold"], [4, 8]);
    expect(entries.map(({ label, sampler }) => [label, sampler.steps])).toEqual([
      ["random", 4],
      ["random", 8],
      ["threshold", "until-done"],
    ]);
    expect(entries[1].config).toEqual({ name: "random", steps: 8 });
  });

  it("leaves a sampler its own steps, and names what differs from its defaults", async () => {
    const chosen = { name: "confidence", temperature: 0.7, steps: 5 };
    const [entry, ...others] = await laboratoryEntries(registry, [chosen], [4, 8]);
    expect(others).toEqual([]);
    expect(entry.label).toBe("confidence temperature=0.7 steps=5");
    expect(entry.sampler).toMatchObject({ steps: 5, tokenRule: { temperature: 0.7 } });
  });

  it("tries every value of a list, on one line of the plot", async () => {
    const chosen = { name: "random", temperature: [0.5, 1], topK: 9, steps: [4, 8] };
    const entries = await laboratoryEntries(registry, [chosen], [100]);
    expect(entries.map(({ label, variant }) => `${label}, ${variant}`)).toEqual([
      "random topK=9, temperature=0.5 4 steps",
      "random topK=9, temperature=0.5 8 steps",
      "random topK=9, temperature=1 4 steps",
      "random topK=9, temperature=1 8 steps",
    ]);
    expect(entries[1].sampler).toMatchObject({ steps: 8, tokenRule: { temperature: 0.5, topK: 9 } });
    expect(entries[3].config).toEqual({ name: "random", temperature: 1, topK: 9, steps: 8 });
  });

  it("composes samplers within samplers, and tries their options", async () => {
    const chosen = { name: "blocks", size: 4, sampler: "random", "sampler.steps": [2, 3] };
    const entries = await laboratoryEntries(registry, [chosen], [100]);
    expect(entries.map(({ label, variant }) => [label, variant])).toEqual([
      ["blocks size=4 sampler=random", "sampler.steps=2"],
      ["blocks size=4 sampler=random", "sampler.steps=3"],
    ]);
    expect(entries[1].config).toEqual({ name: "blocks", size: 4, sampler: { name: "random", steps: 3 } });
    expect(entries[1].sampler.name).toBe("blocks of random");
    expect(stepsOf(entries[1].sampler, 8)).toBe(6);
  });

  it("explains what it does not know", async () => {
    const refused = (chosen: Parameters<typeof laboratoryEntries>[1]) =>
      laboratoryEntries(registry, chosen, [4]);
    await expect(refused(["confidense"])).rejects.toMatchObject({ code: "UNKNOWN_COMPONENT" });
    await expect(refused([{ name: "random", temprature: 1 }])).rejects.toMatchObject({
      code: "UNKNOWN_OPTION",
    });
    await expect(refused([{ name: "random", temperature: "hot" }])).rejects.toMatchObject({
      code: "CONFIG_INVALID",
    });
    await expect(laboratoryEntries(registry, ["random"], [0])).rejects.toMatchObject({
      code: "CONFIG_INVALID",
    });
  });
});
