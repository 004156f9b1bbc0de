import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, expect, it } from "vitest";
import { repositoryRoot } from "../architecture/source-imports.js";
import { runCli } from "../cli/run-cli.js";

// Below the repository, so that `textdiffusion` resolves as it would for a user.
mkdirSync(join(repositoryRoot, ".cache"), { recursive: true });
const folder = mkdtempSync(join(repositoryRoot, ".cache", "readme-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  writeFileSync(
    join(folder, "text.txt"),
    "The fox looked at the moon, and the moon looked away. ".repeat(60),
  );
  const sizes = "--layers 1 --hidden 16 --heads 2 --row-length 64 --batch-size 2 --steps 2".split(" ");
  const result = await runCli(
    ["train", "--data", "text.txt", "--model", "new", "--out", "my-model", ...sizes],
    {
      cwd: folder,
    },
  );
  expect(result.code, result.stderr).toBe(0);
});

it("the twenty lines of the README run as they stand", () => {
  const [, code] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(repositoryRoot, "README.md"), "utf8")) ?? [];
  const { outputText } = ts.transpileModule(
    `${code}\nconsole.log(JSON.stringify(texts));\nawait careful.dispose();`,
    {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
    },
  );
  writeFileSync(join(folder, "example.mjs"), outputText);
  const printed = execFileSync(process.execPath, ["example.mjs"], { cwd: folder, encoding: "utf8" });
  const lines = printed.trim().split("\n");
  expect(lines.slice(0, 16).every((line) => /^step \d+: \d+ tokens still masked$/.test(line))).toBe(true);
  expect(lines[15]).toBe("step 15: 0 tokens still masked");
  expect(JSON.parse(lines[16])[0]).toMatch(/^The fox [\s\S]* the moon\.$/);
});
