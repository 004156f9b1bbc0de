import { describe, expect, it } from "vitest";
import { z } from "zod";
import { API_VERSION, type Plugin } from "../contracts/component.js";
import { DiffusionError, type ErrorCode } from "../errors/diffusion-error.js";
import { defineSchedule } from "./define.js";
import { Registry } from "./registry.js";

const flat = (name: string) =>
  defineSchedule({
    name,
    description: `${name} noise`,
    options: z.strictObject({}),
    create: () => ({
      name,
      epsilon: 0,
      alpha: (t) => 1 - t,
      alphaDerivative: () => -1,
      timeAt: (alpha) => 1 - alpha,
    }),
  });
const plugin = (name: string, ...schedules: string[]): Plugin => ({
  name,
  apiVersion: API_VERSION,
  schedules: schedules.map(flat),
});

function refuses(code: ErrorCode, pattern: RegExp, action: () => unknown): void {
  try {
    action();
  } catch (error) {
    expect(String(error)).toMatch(pattern);
    expect(DiffusionError.is(error, code)).toBe(true);
    return;
  }
  expect.fail(`expected ${code}`);
}

describe("Registry", () => {
  it("lists what its plugins bring, sorted, with where it comes from", () => {
    const registry = new Registry([plugin("b", "steep"), plugin("a", "gentle", "flat")]);
    expect(registry.names("schedule")).toEqual(["flat", "gentle", "steep"]);
    expect(registry.names("sampler")).toEqual([]);
    expect(registry.list("schedule")[2]).toEqual({ name: "steep", description: "steep noise", plugin: "b" });
  });

  it("takes the same plugin twice as once", () => {
    const twice = plugin("a", "flat");
    expect(new Registry([twice, twice]).names("schedule")).toEqual(["flat"]);
  });

  it("lists what is known when a name is not", () => {
    const registry = new Registry([plugin("a", "gentle", "flat")]);
    refuses("UNKNOWN_COMPONENT", /known schedule, got "flatt". Known: "flat", "gentle"/, () =>
      registry.find("schedule", "flatt"),
    );
    refuses("UNKNOWN_COMPONENT", /Known: none/, () => registry.find("sampler", "x"));
    refuses("UNKNOWN_COMPONENT", /"__proto__"/, () => registry.find("schedule", "__proto__"));
  });

  it("refuses one name from two plugins, and says which", () => {
    refuses(
      "DUPLICATE_COMPONENT",
      /"flat".*"a".*"b"/,
      () => new Registry([plugin("a", "flat"), plugin("b", "flat")]),
    );
  });

  it.each([
    ["a factory instead of a plugin", () => plugin("a"), /got function/],
    ["nothing", null, /got null/],
    ["no name", { apiVersion: API_VERSION }, /with a name, got object/],
    ["another version of the contracts", { name: "old", apiVersion: API_VERSION + 1 }, /from plugin "old"/],
    [
      "a definition without a factory",
      { name: "a", apiVersion: 1, samplers: [{ name: "x", options: z.object({}) }] },
      /got x/,
    ],
    [
      "a definition without a schema",
      { name: "a", apiVersion: 1, samplers: [{ name: "x", create: () => 0 }] },
      /options \(a Standard Schema\)/,
    ],
    [
      "a name that is not kebab-case",
      { name: "a", apiVersion: 1, schedules: [{ ...flat("Flat") }] },
      /kebab-case name for a schedule of plugin "a", got "Flat"/,
    ],
    [
      "an exception without a reason",
      { name: "a", apiVersion: 1, schedules: [{ ...flat("flat"), exceptions: [{ law: "never-rises" }] }] },
      /exceptions of schedule "flat" of plugin "a" to be a list of \{ law, reason \}/,
    ],
    [
      "a nested choice of no kind",
      { name: "a", apiVersion: 1, schedules: [{ ...flat("flat"), choices: { inner: "samplers" } }] },
      /choices\.inner of schedule "flat" of plugin "a".*got "samplers"/,
    ],
    [
      "a missing description",
      { name: "a", apiVersion: 1, schedules: [{ ...flat("flat"), description: undefined }] },
      /a description of schedule "flat" of plugin "a", got undefined/,
    ],
    [
      "one definition instead of a list",
      { name: "a", apiVersion: 1, schedules: flat("flat") },
      /schedules of plugin "a" to be a list, got an object/,
    ],
    [
      "a version that is no text",
      { name: "a", version: 2, apiVersion: 1 },
      /version of plugin "a" to be a text, got 2/,
    ],
    ["a hole in the list", { name: "a", apiVersion: 1, samplers: [undefined] }, /each sampler of plugin "a"/],
  ])("refuses %s", (_, broken, pattern) => {
    refuses("PLUGIN_INVALID", pattern, () => new Registry([broken as never]));
  });

  it("refuses a list under a misspelt key", () => {
    const misspelt = { name: "a", apiVersion: API_VERSION, schedulers: [] };
    refuses("UNKNOWN_OPTION", /"schedulers". Known: .*"schedules"/, () => new Registry([misspelt as never]));
  });
});
