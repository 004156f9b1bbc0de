import { describe, expect, it } from "vitest";
import { decodeConfig, type TextDiffusionConfig } from "./config.js";

const refusal = (config: unknown) =>
  decodeConfig(config as TextDiffusionConfig).then(
    () => expect.unreachable("expected the config to be refused"),
    (error) => error,
  );

describe("decodeConfig", () => {
  it("fills in what an empty config leaves open", async () => {
    expect(await decodeConfig({})).toMatchObject({
      plugins: [],
      data: { documents: "file" },
      model: { from: "new" },
      training: { batchSize: 16, seed: 0 },
    });
  });

  it("hands components on as they are, values too", async () => {
    const sampler = { name: "mine", decide: () => ({ commit: [], remask: [] }) };
    const config = { sampler, schedule: { name: "linear" } } as unknown as TextDiffusionConfig;
    const decoded = await decodeConfig(config);
    expect(decoded.sampler).toBe(sampler);
    expect(decoded.schedule).toEqual({ name: "linear" });
  });

  it.each([
    ["the config", { smapler: "random" }, "UNKNOWN_OPTION", /config\.smapler.*"sampler"/],
    ["data", { data: { fiel: "a.txt" } }, "UNKNOWN_OPTION", /data\.fiel.*"file"/],
    ["model", { model: { layer: 3 } }, "UNKNOWN_OPTION", /model\.layer.*"layers"/],
    ["training", { training: { step: 3 } }, "UNKNOWN_OPTION", /training\.step.*"steps"/],
    ["a bad value of data", { data: { rowLength: 2 } }, "CONFIG_INVALID", /data\.rowLength.*got 2/],
    ["a bad value of model", { model: { hidden: -4 } }, "CONFIG_INVALID", /model\.hidden.*got -4/],
    ["a bad value of training", { training: { decay: "up" } }, "CONFIG_INVALID", /training\.decay.*"up"/],
    ["a bad dtype", { dtype: "q4" }, "CONFIG_INVALID", /config\.dtype.*"fp32".*"q8"/],
    ["text instead of a config", "random", "CONFIG_INVALID", /config/],
  ])("refuses what it does not know in %s", async (_, config, code, sentence) => {
    expect(await refusal(config)).toMatchObject({ code, message: expect.stringMatching(sentence) });
  });
});
