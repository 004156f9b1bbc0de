import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { importsOf, repositoryRoot, sourcesBelow } from "./source-imports.js";

const tsc = join(createRequire(import.meta.url).resolve("typescript/package.json"), "../bin/tsc");

describe("the public declarations of core", () => {
  // Below the repository, so that the workspace's packages resolve as they would for a user.
  mkdirSync(join(repositoryRoot, ".cache"), { recursive: true });
  const folder = mkdtempSync(join(repositoryRoot, ".cache", "consumer-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("hold no tfjs type", () => {
    const imports = sourcesBelow("packages/core/src").flatMap(importsOf);
    expect(imports.filter(({ specifier }) => specifier.includes("tensorflow"))).toEqual([]);
  });

  it("type-check in a project that checks its libraries", () => {
    writeFileSync(
      join(folder, "consumer.ts"),
      `import { createPipeline, defineConfig, definePlugin, defineSchedule, type Sampler } from "@textdiffusion/core";
import { samplersPlugin } from "@textdiffusion/samplers";
declare module "@textdiffusion/core" {
  interface KnownSchedules { "my-noise": { steepness?: number } }
}
export const plugin = definePlugin({ name: "mine", apiVersion: 1, schedules: [] });
export const use = async (sampler: Sampler) => (await createPipeline({ plugins: [plugin], sampler })).generate({ length: 8 });
export const config = defineConfig({
  plugins: [plugin, samplersPlugin],
  schedule: { name: "my-noise", steepness: 2 },
  sampler: { name: "confidence", steps: 4 },
});
// @ts-expect-error no such option of theirs
defineConfig({ schedule: { name: "my-noise", stepness: 2 } });
// @ts-expect-error no such option of ours
defineConfig({ sampler: { name: "confidence", stepz: 4 } });
export { defineSchedule };
`,
    );
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          strict: true,
          skipLibCheck: false,
          noEmit: true,
          module: "NodeNext",
          target: "ES2022",
          lib: ["ES2023", "DOM"],
          types: [],
        },
        files: ["consumer.ts"],
      }),
    );
    expect(() =>
      execFileSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8", stdio: "pipe" }),
    ).not.toThrow();
  }, 300_000); // the declarations of the standard library, too: on a busy machine minutes
});
