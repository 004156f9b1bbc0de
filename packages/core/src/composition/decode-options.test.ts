import { describe, expect, it } from "vitest";
import { z } from "zod";
import { DiffusionError } from "../errors/diffusion-error.js";
import { decodeOptions, decodeOptionsSync } from "./decode-options.js";

const schema = z.strictObject({ steps: z.int().min(1).default(8), name: z.string().optional() });
const owner = 'sampler "mine"';

/** Both ways in, so that every statement is made about both. */
const ways: Record<string, (value: unknown) => Promise<unknown>> = {
  decodeOptions: (value) => decodeOptions(schema, value, "sampler", owner),
  decodeOptionsSync: async (value) => decodeOptionsSync(schema, value, "sampler", owner),
};

describe.each(Object.entries(ways))("%s", (_, decode) => {
  it("fills defaults in", async () => {
    expect(await decode({})).toEqual({ steps: 8 });
    expect(await decode({ steps: 3, name: "x" })).toEqual({ steps: 3, name: "x" });
  });

  it("names an unknown key and lists the known ones", async () => {
    await expect(decode({ stepz: 3 })).rejects.toSatisfy((error) => {
      expect(String(error)).toContain(
        'expected options of sampler "mine", got sampler.stepz. Options: "name", "steps". Correct the key or take it out (UNKNOWN_OPTION)',
      );
      return DiffusionError.is(error, "UNKNOWN_OPTION") && error.details.unknown === "stepz";
    });
  });

  it.each([
    [{ steps: 0 }, "sampler.steps", "got 0"],
    [{ steps: Number.NaN }, "sampler.steps", "got NaN"],
    [{ steps: 3n }, "sampler.steps", "got 3"],
    [{ name: () => 1 }, "sampler.name", "got a function"],
    ["fast", "sampler", 'got "fast"'],
    [null, "sampler", "got null"],
    [undefined, "sampler", "got undefined"],
  ])("says where a bad value stands: %o", async (value, where, got) => {
    await expect(decode(value)).rejects.toSatisfy((error) => {
      expect(String(error)).toContain(`expected a valid ${where} for ${owner}, ${got}`);
      return DiffusionError.is(error, "CONFIG_INVALID");
    });
  });
});

it("a strict schema that cannot list its keys still refuses unknown ones", async () => {
  const opaque = z.strictObject({ when: z.date() });
  const decoded = decodeOptions(opaque, { when: new Date(0), what: 1 }, "x", "y");
  await expect(decoded).rejects.toSatisfy((error) => DiffusionError.is(error, "CONFIG_INVALID"));
});

it("a schema that answers with a promise works where waiting is possible, and says so where not", async () => {
  const slow = z.strictObject({ steps: z.int() }).refine(async () => true);
  expect(await decodeOptions(slow, { steps: 1 }, "x", "y")).toEqual({ steps: 1 });
  expect(() => decodeOptionsSync(slow, { steps: 1 }, "x", "y")).toThrowError(/UNSUPPORTED/);
});
