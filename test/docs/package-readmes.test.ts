import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageFolders, repositoryRoot } from "../architecture/source-imports.js";
import { exampleFolder, runExample } from "./run-example.js";

let example: Awaited<ReturnType<typeof exampleFolder>>;
beforeAll(async () => {
  example = await exampleFolder();
});
afterAll(() => example.remove());

describe.each(packageFolders)("the README of packages/%s", (folder) => {
  const path = `packages/${folder}/README.md`;
  const readme = readFileSync(join(repositoryRoot, path), "utf8");
  const { name } = JSON.parse(readFileSync(join(repositoryRoot, "packages", folder, "package.json"), "utf8"));

  it("says what the package is, and how to get it", () => {
    expect(readme.startsWith(`# ${name}\n\n`)).toBe(true);
    const [, paragraph] = readme.split("\n\n");
    expect(paragraph).toMatch(/^[A-Z][\s\S]{80,}\.$/);
    const install = name.startsWith("create-")
      ? `npm create ${name.slice("create-".length)}`
      : "npm install ";
    expect(readme).toContain(install);
    expect(readme).toContain(name.startsWith("create-") ? name.slice("create-".length) : name);
  });

  it("has an example that runs as it stands", { timeout: 300_000 }, () => {
    expect(() => runExample(example.folder, path)).not.toThrow();
  });
});

it("what the examples wrote is there", () => {
  for (const written of ["copy/model.safetensors", "my-own-model/config.json", "soft-steps/package.json"]) {
    expect(existsSync(join(example.folder, written)), written).toBe(true);
  }
});
