import { createPipeline, type ValidationFinished, type WatchedRun } from "@textdiffusion/core";
import { pluginLaws } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import plugin, { myComponentCallback } from "./index.js";

describe("the laws of a plugin, and of its component as a config makes it", async () => {
  const laws = await pluginLaws(plugin);
  for (const law of laws) it.skipIf(law.skip !== undefined)(law.name, () => law.run());
});

describe("my-component", () => {
  const run: WatchedRun = { signal: new AbortController().signal };
  const validation = (boundNats: number): ValidationFinished => ({
    kind: "validation",
    step: 10,
    boundNats,
    accuracy: 0.5,
    byMaskRate: [],
    elapsedMs: 1,
  });

  it("stops at a validation that is good enough, not before", () => {
    const callback = myComponentCallback({ boundNats: 2 });
    expect(callback.onEvent(validation(2.01), run)).toBeUndefined();
    expect(callback.onEvent(validation(2), run)).toMatchObject({ stop: true });
  });

  it("refuses options that it does not have", () => {
    expect(() => myComponentCallback({ boundNat: 2 } as object)).toThrow(/UNKNOWN_OPTION/);
    expect(() => myComponentCallback({ boundNats: 0 })).toThrow(/CONFIG_INVALID/);
  });

  it("can be named in a config", async () => {
    const callback = { name: "my-component", boundNats: 3 } as const;
    const pipeline = await createPipeline({ plugins: [plugin], callback });
    const made = await pipeline.get("callback");
    expect(await made.onEvent(validation(2.9), run)).toMatchObject({ stop: true });
    await pipeline.dispose();
  });
});
