import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { runCli } from "./run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "textdiffusion-prepare-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = (...parts: string[]) => join(folder, ...parts);
const records = Array.from({ length: 60_000 }, (_, index) =>
  JSON.stringify({ text: `Sentence ${index} is about an owl, an eel and the number ${index * 7}.` }),
);
writeFileSync(path("some.jsonl"), records.join("\n"));

const prepare = (out: string, ...args: string[]) =>
  `prepare --data some.jsonl --hash-split --workers 2 --out ${out}`.split(" ").concat(args);
const tokens = (out: string) => readFileSync(path(out, "train.tokens"));

/** Ends the command as soon as it has written more tokens. */
function endedBy(signal: NodeJS.Signals, out: string) {
  const size = () => statSync(path(out, "train.tokens"), { throwIfNoEntry: false })?.size ?? 0;
  const before = size();
  return runCli(prepare(out), {
    cwd: folder,
    onStart: (kill) => {
      const watch = setInterval(() => {
        if (size() <= before) return;
        clearInterval(watch);
        kill(signal);
      }, 2);
    },
  });
}

it("goes on after Ctrl-C and after a kill, to the same tokens, which a model is trained on", async () => {
  const whole = await runCli(prepare("whole"), { cwd: folder });
  expect(whole.code, whole.stderr).toBe(0);
  expect(whole.stderr).toMatch(/M tokens in whole, .* of them held out/);

  const interrupted = await endedBy("SIGINT", "broken");
  expect(interrupted.code, interrupted.stderr).toBe(130);
  expect(interrupted.stderr).toMatch(/stays in broken: the same command goes on/);
  expect((await endedBy("SIGKILL", "broken")).signal).toBe("SIGKILL");
  const small = "train --model new --layers 1 --hidden 8 --heads 2 --steps 2 --backend cpu".split(" ");
  const early = await runCli([...small, "--data", "broken", "--out", "early"], { cwd: folder });
  expect(early.code).toBe(2);
  expect(early.stderr).toMatch(/prepared to their end.*DATA_INVALID/);
  expect(existsSync(path("early"))).toBe(false);

  const done = await runCli(prepare("broken"), { cwd: folder });
  expect(done.code, done.stderr).toBe(0);
  expect(tokens("broken").equals(tokens("whole"))).toBe(true);
  const trained = await runCli([...small, "--data", "whole", "--out", "model"], { cwd: folder });
  expect(trained.code, trained.stderr).toBe(0);
}, 300_000);

it("says what stands in the way", async () => {
  const cases: [string[], RegExp][] = [
    [["--data", "nowhere.txt"], /nowhere\.txt.*FILE_NOT_FOUND/],
    [["--model", "nowhere"], /nowhere/],
    [["--workers", "-1"], /--workers/],
    [["--documents", "word"], /file, line, paragraph/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await runCli(prepare("none", ...args), { cwd: folder });
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(existsSync(path("none"))).toBe(false);
  }
});
