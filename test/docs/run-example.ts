import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect } from "vitest";
import { repositoryRoot } from "../architecture/source-imports.js";
import { runCli } from "../cli/run-cli.js";

/** A folder with `my-text.txt`, a tiny `my-model` and its export `my-model-onnx`, below the repository, so that packages resolve as for a user. */
export async function exampleFolder(): Promise<{ readonly folder: string; remove(): void }> {
  mkdirSync(join(repositoryRoot, ".cache"), { recursive: true });
  const folder = mkdtempSync(join(repositoryRoot, ".cache", "example-"));
  writeFileSync(
    join(folder, "my-text.txt"),
    "The fox looked at the moon, and the moon looked away. ".repeat(60),
  );
  const sizes = "--layers 1 --hidden 16 --heads 2 --row-length 64 --batch-size 2 --steps 2".split(" ");
  const command = ["train", "--data", "my-text.txt", "--model", "new", "--out", "my-model", ...sizes];
  for (const args of [command, ["export", "--model", "my-model", "--out", "my-model-onnx"]]) {
    const result = await runCli(args, { cwd: folder });
    expect(result.code, result.stderr).toBe(0);
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/**
 * Runs the first TypeScript of a Markdown file as it stands.
 *
 * @param after - code to add at its end
 * @returns what it printed
 */
export function runExample(folder: string, markdown: string, after = ""): string {
  return run(folder, `${examplesOf(markdown)[0]}\n${after}`);
}

/**
 * Runs all TypeScript of a Markdown file as it stands, one block after the other.
 *
 * @param after - code to add at its end
 * @returns what it printed
 */
export function runExamples(folder: string, markdown: string, after = ""): string {
  return run(folder, [...examplesOf(markdown), after].join("\n"));
}

// --- internal ---

function examplesOf(markdown: string): string[] {
  const text = readFileSync(join(repositoryRoot, markdown), "utf8");
  return [...text.matchAll(/```(?:ts|js)\n([\s\S]*?)```/g)].map(([, code]) => code);
}

function run(folder: string, code: string): string {
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  writeFileSync(join(folder, "example.mjs"), outputText);
  return execFileSync(process.execPath, ["example.mjs"], { cwd: folder, encoding: "utf8" });
}
