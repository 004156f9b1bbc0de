import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createPlugin, pluginKinds } from "create-textdiffusion-plugin";
import { afterAll, describe, expect, it } from "vitest";
import { repositoryRoot } from "../architecture/source-imports.js";

const require = createRequire(import.meta.url);
const tsc = join(require.resolve("typescript/package.json"), "../bin/tsc");
const vitest = join(require.resolve("vitest/package.json"), "../vitest.mjs");

/** Milliseconds: compilers and test runners of their own, on a machine that may be busy. */
const timeout = 300_000;

/** Runs a program of Node; what it printed is in the error when it fails. */
function run(folder: string, ...args: string[]): string {
  return execFileSync(process.execPath, args, { cwd: folder, encoding: "utf8", stdio: "pipe" });
}

describe("a package of each kind, made by create-plugin", () => {
  // Below the repository, so that the built packages of the workspace resolve as installed ones would.
  mkdirSync(join(repositoryRoot, ".cache"), { recursive: true });
  const home = mkdtempSync(join(repositoryRoot, ".cache", "plugins-"));
  afterAll(() => rmSync(home, { recursive: true, force: true }));
  const made = Object.keys(pluginKinds).map((kind) =>
    createPlugin({ kind, name: `first-${kind}-of-mine`, folder: join(home, kind) }),
  );

  it("type-check and build, and each is a plugin by its package's name", { timeout }, async () => {
    // One run for all: the declarations that they share are read once.
    run(
      home,
      tsc,
      "-b",
      ...made.flatMap(({ kind }) => [`${kind}/tsconfig.json`, `${kind}/tsconfig.build.json`]),
    );
    for (const { kind, folder, packageName } of made) {
      const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      const { default: plugin } = await import(join(folder, exports["."].default));
      expect(plugin).toMatchObject({ name: packageName, apiVersion: 1 });
      expect(plugin[`${kind}s`][0].name).toBe(`first-${kind}-of-mine`);
    }
  });

  it("pass their own tests", { timeout }, () => {
    // Without a config of its own, vitest would take the workspace's.
    writeFileSync(
      join(home, "vitest.config.mjs"),
      `export default { test: { include: ["*/src/*.test.ts"], maxWorkers: 2 } };\n`,
    );
    expect(run(home, vitest, "run", "--root", home)).toContain(`${made.length} passed`);
  });

  it("say nothing of the template's name", () => {
    for (const { folder, files } of made) {
      for (const file of files) {
        expect(file).not.toMatch(/my-?component|template/i);
        expect(readFileSync(join(folder, file), "utf8")).not.toMatch(/my-?component|"workspace"/i);
      }
    }
  });

  it("ask for the tools that the workspace is tested with, and for this version of core", () => {
    const workspace = JSON.parse(readFileSync(join(repositoryRoot, "package.json"), "utf8"));
    const core = JSON.parse(readFileSync(join(repositoryRoot, "packages/core/package.json"), "utf8"));
    for (const { folder, packageName } of made) {
      const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      expect(manifest.name).toBe(packageName);
      expect(manifest.peerDependencies["@textdiffusion/core"]).toBe(`^${core.version}`);
      expect(manifest.dependencies["@textdiffusion/core"]).toBeUndefined();
      expect(manifest.dependencies.zod).toBe(core.dependencies.zod);
      for (const tool of ["typescript", "vitest"]) {
        expect(manifest.devDependencies[tool]).toBe(`^${workspace.devDependencies[tool]}`);
      }
      expect(manifest.keywords).toContain("textdiffusion-plugin");
    }
  });
});
