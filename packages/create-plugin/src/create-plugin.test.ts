import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DiffusionError } from "@textdiffusion/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createPlugin, type PluginRequest } from "./create-plugin.js";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "create-plugin-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const folder = () => join(home, "plugin");

function refusal(request: Partial<PluginRequest>): DiffusionError {
  try {
    createPlugin({ kind: "sampler", name: "soft-steps", folder: folder(), ...request });
  } catch (error) {
    if (DiffusionError.is(error)) return error;
    throw error;
  }
  throw new Error("expected a refusal, got a plugin");
}

describe("createPlugin", () => {
  it.each([
    ["soft-steps", "soft-steps", "textdiffusion-plugin-soft-steps"],
    ["textdiffusion-plugin-soft-steps", "soft-steps", "textdiffusion-plugin-soft-steps"],
    ["@me/soft-steps", "soft-steps", "@me/textdiffusion-plugin-soft-steps"],
    ["@me/textdiffusion-plugin-soft-steps", "soft-steps", "@me/textdiffusion-plugin-soft-steps"],
  ])("makes of %s the component %s in the package %s", (given, component, packageName) => {
    expect(createPlugin({ kind: "sampler", name: given, folder: folder() })).toMatchObject({
      component,
      packageName,
    });
    expect(JSON.parse(readFileSync(join(folder(), "package.json"), "utf8")).name).toBe(packageName);
    const source = readFileSync(join(folder(), `src/${component}.ts`), "utf8");
    expect(source).toContain("export function softStepsSampler(given: SoftStepsOptions");
  });

  it("has all that a package needs, its .gitignore too, and nothing else in the folder around it", () => {
    createPlugin({ kind: "schedule", name: "soft-steps", folder: folder() });
    expect(readdirSync(folder()).sort()).toEqual(
      [
        ".gitignore",
        "LICENSE",
        "README.md",
        "package.json",
        "src",
        "tsconfig.build.json",
        "tsconfig.json",
      ].sort(),
    );
    expect(readdirSync(home)).toEqual(["plugin"]);
  });

  it("takes an empty folder, and one whose parents are missing", () => {
    mkdirSync(folder());
    createPlugin({ kind: "sampler", name: "soft-steps", folder: folder() });
    createPlugin({ kind: "sampler", name: "soft-steps", folder: join(home, "a/b/c") });
    expect(existsSync(join(home, "a/b/c/package.json"))).toBe(true);
  });

  it("leaves a folder that holds something as it is, and a file too", () => {
    mkdirSync(folder());
    writeFileSync(join(folder(), "notes.txt"), "mine");
    expect(refusal({})).toMatchObject({
      code: "FILE_NOT_WRITABLE",
      message: expect.stringContaining(folder()),
    });
    expect(readdirSync(folder())).toEqual(["notes.txt"]);
    expect(refusal({ folder: join(folder(), "notes.txt") }).message).toContain("a file at");
    expect(refusal({ folder: join(folder(), "notes.txt", "plugin") }).code).toBe("FILE_NOT_WRITABLE");
    expect(readdirSync(home)).toEqual(["plugin"]);
  });

  it("lists the kinds when one is unknown", () => {
    const error = refusal({ kind: "smapler" });
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.message).toContain(
      'Known: "backend", "callback", "collator", "denoiser", "sampler", "schedule", "source", "tokenizer"',
    );
  });

  it("lists our components when a name is one of theirs, of the same kind only", () => {
    const error = refusal({ name: "confidence" });
    expect(error.code).toBe("DUPLICATE_COMPONENT");
    expect(error.message).toMatch(/Taken: "ancestral", .*"confidence", /);
    expect(createPlugin({ kind: "schedule", name: "confidence", folder: folder() }).component).toBe(
      "confidence",
    );
  });

  it.each([
    "",
    "Soft",
    "soft_steps",
    "soft--steps",
    "-soft",
    "soft-",
    "2soft",
    "soft steps",
    "../soft",
    "a/b/c",
    "@Me/soft",
    "@/soft",
    "ü",
    "a".repeat(200),
  ])("refuses the name %j", (name) => {
    expect(refusal({ name }).code).toBe("CONFIG_INVALID");
    expect(readdirSync(home)).toEqual([]);
  });

  it("refuses a name whose identifiers the template has already", () => {
    expect(refusal({ name: "define" })).toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("defineSampler"),
    });
    expect(refusal({ name: "compose" }).message).toContain("composeSampler");
    expect(readdirSync(home)).toEqual([]);
  });
});
