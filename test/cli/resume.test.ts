import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { runCli } from "./run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "textdiffusion-resume-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = (...parts: string[]) => join(folder, ...parts);
writeFileSync(path("text.txt"), "Every wave that leaves the shore comes back with a question. ".repeat(80));

const train = (out: string, ...args: string[]) =>
  `train --backend cpu --model new --layers 1 --hidden 16 --heads 2 --row-length 32 --batch-size 2
   --steps 24 --save-every 4 --evaluate-every 8 --log-every 1 --seed 5`
    .split(/\s+/)
    .concat("--data", path("text.txt"), "--out", path(out), ...args);

const weights = (out: string) => readFileSync(path(out, "model.safetensors"));

describe("a training run that was killed", () => {
  it("ends with the same bytes as one that was not, wherever the kill falls", async () => {
    const whole = await runCli(train("whole"));
    expect(whole.code, whole.stderr).toBe(0);

    let killed = 0;
    for (const limit of [6, 13, 19]) {
      // Killed as soon as the step is printed: in the middle of the next step, or of the write of a checkpoint.
      const result = await runCli(train("broken", ...(killed > 0 ? ["--resume"] : [])), {
        onOutput: (printed, kill) => {
          if (new RegExp(`\\bstep\\s+${limit}\\b`, "i").test(printed)) kill("SIGKILL");
        },
      });
      if (result.signal === "SIGKILL") killed++;
    }
    expect(killed).toBe(3);
    expect(readdirSync(path("broken"))).not.toContain("model.safetensors");

    const resumed = await runCli(train("broken", "--resume"));
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(weights("broken").equals(weights("whole"))).toBe(true);
  }, 300_000);

  it("can be interrupted with Ctrl-C, which saves", async () => {
    let pressed = false;
    const interrupted = await runCli(train("interrupted"), {
      onOutput: (printed, kill) => {
        if (pressed || !/\bstep\s+6\b/i.test(printed)) return;
        pressed = true; // a second Ctrl-C would end it at once
        kill("SIGINT");
      },
    });
    expect(interrupted.code, interrupted.stderr).toBe(130);
    expect(interrupted.stdout + interrupted.stderr).toMatch(/--resume/);

    const resumed = await runCli(train("interrupted", "--resume"));
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(weights("interrupted").equals(weights("whole"))).toBe(true);
  }, 300_000);

  it("says that there is nothing to resume, as in a folder of another name, and begins", async () => {
    const begun = await runCli(train("mistyped", "--resume"));
    expect(begun.code, begun.stderr).toBe(0);
    expect(begun.stderr).toMatch(/^Nothing to resume in \S*mistyped: a new run begins\.$/m);
    expect((await runCli(train("mistyped", "--resume"))).stderr).not.toContain("Nothing to resume");
  }, 240_000);

  it("has one metrics line for each step, however often it was killed", () => {
    const steps = readFileSync(path("broken", "metrics.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
      .filter((event) => event.kind === "step")
      .map((event) => event.step);
    expect(steps).toEqual(Array.from({ length: 24 }, (_, index) => index + 1));
  });
});
