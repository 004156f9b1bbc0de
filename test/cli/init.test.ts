import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { repositoryRoot } from "../architecture/source-imports.js";
import { runCli } from "./run-cli.js";

// Below the repository, as in a project that has the packages installed: the compiler finds their types.
mkdirSync(join(repositoryRoot, ".cache"), { recursive: true });
const folder = mkdtempSync(join(repositoryRoot, ".cache", "init-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const text = "The tide was low, the cafe shut, he found a crab inside a hut.\n".repeat(40);

function newFolder(name: string): string {
  const made = join(folder, name);
  mkdirSync(made);
  writeFileSync(join(made, "my-text.txt"), text);
  return made;
}

/** Steps and sizes from the command line: the config is for real texts. */
const short = ["--steps", "2", "--batch-size", "2", "--warmup-steps", "1", "--backend", "cpu"];

describe("init", () => {
  it("writes a config that goes on from the model that is known by its name, in a folder without the packages", async () => {
    const cwd = mkdtempSync(join(tmpdir(), "init-"));
    writeFileSync(join(cwd, "my-text.txt"), text);
    expect((await runCli(["init", "--for", "fine-tuning", "--model", "tiny"], { cwd })).code).toBe(0);
    const args = [
      "--out",
      "tuned",
      "--row-length",
      "16",
      "--steps",
      "1",
      "--batch-size",
      "1",
      "--warmup-steps",
      "0",
    ];
    const { code, stderr } = await runCli(["train", ...args, "--backend", "onnx"], { cwd });
    expect(code, stderr).toBe(0);
    rmSync(cwd, { recursive: true });
  });

  it("writes a config that trains a new model, and one that goes on from it", async () => {
    const cwd = newFolder("new");
    const written = await runCli(["init"], { cwd });
    expect(written.code, written.stderr).toBe(0);
    const sizes = ["--layers", "1", "--hidden", "24", "--heads", "2", "--row-length", "16"];
    const trained = await runCli(["train", "--out", "my-model", ...sizes, ...short], { cwd });
    expect(trained.code, trained.stderr).toBe(0);
    expect(trained.stderr).toContain("completed after step 2 of 2");
    expect(existsSync(join(cwd, "my-model", "report.html"))).toBe(true);

    const other = newFolder("tuned");
    const tuning = ["init", "--for", "fine-tuning", "--model", "../new/my-model"];
    expect((await runCli(tuning, { cwd: other })).code).toBe(0);
    const tuned = await runCli(["train", "--out", "tuned", "--row-length", "16", ...short], { cwd: other });
    expect(tuned.code, tuned.stderr).toBe(0);
    expect(tuned.stderr).toMatch(/the best so far, step \d/);

    const [tsc, config] = [
      join(repositoryRoot, "node_modules/typescript/bin/tsc"),
      "textdiffusion.config.ts",
    ];
    const check = [
      tsc,
      "--noEmit",
      "--ignoreConfig",
      "--strict",
      "--skipLibCheck",
      "--module",
      "nodenext",
      "--target",
      "es2022",
    ];
    for (const each of [cwd, other]) {
      execFileSync(process.execPath, [...check, join(each, config)], { cwd: each, stdio: "pipe" });
    }
  });

  it("keeps a config that is there, of whatever kind", async () => {
    const cwd = newFolder("kept");
    writeFileSync(join(cwd, "textdiffusion.config.json"), "{}");
    expect(await runCli(["init", "--force"], { cwd })).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/one with textdiffusion\.config\.json.*remove it.*FILE_NOT_WRITABLE/),
    });
    rmSync(join(cwd, "textdiffusion.config.json"));
    writeFileSync(join(cwd, "textdiffusion.config.ts"), "mine");
    expect((await runCli(["init"], { cwd })).stderr).toMatch(/--force.*FILE_NOT_WRITABLE/);
    expect(readFileSync(join(cwd, "textdiffusion.config.ts"), "utf8")).toBe("mine");
    const forced = await runCli(["init", "--force", "--data", 'it\'s "here".txt'], { cwd });
    expect(forced.stderr).toContain("which is not here yet");
    expect(readFileSync(join(cwd, "textdiffusion.config.ts"), "utf8")).toContain(
      'file: "it\'s \\"here\\".txt"',
    );
  });
});
