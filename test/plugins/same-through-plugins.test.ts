import { byName, createPipeline, type GenerationEvent, type PipelineConfig } from "@textdiffusion/core";
import { fakeDenoiser, letterTokenizer, powerNoise } from "@textdiffusion/testkit";
import { defaultPlugins, Registry } from "textdiffusion";
import { describe, expect, it } from "vitest";
import { identityPlugin } from "./identity-plugin.js";

// A plugin around every part of a pipeline changes nothing: the same events, draw by draw.
const tokenizer = letterTokenizer(" abcdefgh");
const denoiser = fakeDenoiser({
  vocabularySize: tokenizer.vocabularySize,
  maskTokenId: tokenizer.special.mask,
});
const values = { tokenizer, denoiser, schedule: powerNoise(1) };
const registry = new Registry(defaultPlugins);
const around = (inner: unknown) => byName({ name: "identity", inner });
const wrapped: PipelineConfig = {
  tokenizer: around(tokenizer),
  denoiser: around(denoiser),
  schedule: around(values.schedule),
  // A named denoiser is given a backend; this one needs none.
  backend: {
    name: "none",
    capabilities: { trains: false, precision: "float32", device: "none" },
    start: async () => undefined,
    dispose: async () => undefined,
    memory: () => ({ tensors: 0, bytes: 0 }),
  },
};

async function eventsOf(config: PipelineConfig): Promise<GenerationEvent[]> {
  const pipeline = await createPipeline({ ...config, plugins: [...defaultPlugins, identityPlugin] });
  try {
    const events: GenerationEvent[] = [];
    const prompts = ["abba", ["a", { gap: 5 }, "b"], ""];
    for await (const event of pipeline.stream({ prompts, length: 12, seed: 5 })) events.push(event);
    return events;
  } finally {
    await pipeline.dispose();
  }
}

describe("a pipeline through plugins", () => {
  it.each(registry.names("sampler"))("writes with %s what it writes without them", async (name) => {
    const direct = await eventsOf({ ...values, sampler: byName(name) });
    expect(direct.at(-1)?.kind).toBe("finished");
    const through = await eventsOf({ ...wrapped, sampler: around(around(name)) });
    expect(through).toEqual(direct);
  });

  it.each(registry.names("schedule"))("keeps the noise of %s at every position", async (name) => {
    const chosen = byName({ name, ...(name === "spindle" && { counts: [5, 3, 2, 1] }) });
    const [plain, through] = await Promise.all(
      [chosen, around(chosen)].map(async (schedule) => {
        const pipeline = await createPipeline({ schedule, plugins: [...defaultPlugins, identityPlugin] });
        return pipeline.get("schedule");
      }),
    );
    const row = { ids: Int32Array.of(0, 1, 2, 3), positions: Int32Array.of(0, 1, 3) };
    const curves = [plain, through].map((schedule) => schedule.perPosition?.curves(row) ?? (() => schedule));
    for (const t of [0.1, 0.5, 1]) {
      expect(through.timeAt(through.alpha(t))).toBe(plain.timeAt(plain.alpha(t)));
      for (const position of row.positions) {
        expect(curves[1](position).alpha(t)).toBe(curves[0](position).alpha(t));
        expect(curves[1](position).alphaDerivative(t)).toBe(curves[0](position).alphaDerivative(t));
      }
    }
  });
});
