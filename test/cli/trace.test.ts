import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "./run-cli.js";

// generate --trace, replay and fork as a user runs them, without a terminal.

const folder = mkdtempSync(join(tmpdir(), "textdiffusion-cli-trace-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const cli = (...args: string[]) => runCli(args, { cwd: folder });
const lines = (file: string) => readFileSync(join(folder, file), "utf8").trimEnd().split("\n");
const model = ["--model", "model", "--backend", "cpu"];

beforeAll(async () => {
  writeFileSync(join(folder, "text.txt"), "A lamp, a river, and a moon that walks beside both. ".repeat(60));
  const sizes = "--layers 1 --hidden 16 --heads 2 --row-length 32 --batch-size 2 --steps 3".split(" ");
  const trained = await cli("train", "--data", "text.txt", "--out", "model", "--backend", "cpu", ...sizes);
  expect(trained.code, trained.stderr).toBe(0);
  const prompt = ["--prompt", "A lamp", "--seed", "7", "--count", "2"];
  const run = await cli("generate", ...model, ...prompt, "--steps", "8", "--trace", "run.jsonl");
  expect(run.code, run.stderr).toBe(0);
}, 120_000);

async function refused(args: readonly string[], code: string, sentence: RegExp): Promise<void> {
  const result = await cli(...args);
  expect(result.stderr).toMatch(sentence);
  expect(result.stderr).toMatch(new RegExp(`\\[[\\w-]+/[\\w-]+\\] expected .*\\(${code}\\)`, "s"));
  expect([result.code, result.stdout]).toEqual([2, ""]);
}

describe("replay", () => {
  it("shows every page, without a model and without a terminal", async () => {
    rmSync(join(folder, "elsewhere"), { recursive: true, force: true });
    const { code, stdout, stderr } = await cli("replay", "run.jsonl");
    expect([code, stderr]).toEqual([0, ""]);
    const pages = stdout.split(/(?=^confidence {2})/m);
    expect(pages.length).toBe(10);
    expect(pages[0]).toContain("step 0/8");
    expect(pages[0]).toMatch(/A lamp░{26}\n/);
    expect(pages[9]).not.toContain("░");
    expect(stdout).not.toContain("\x1b[");
  });

  it("shows one page with --step", async () => {
    const { stdout, stderr } = await cli("replay", "run.jsonl", "--step", "4");
    expect(stderr).toBe("");
    expect(stdout.match(/step \d/g)).toEqual(["step 4"]);
    const [, masked] = /(\d+) of 52 masked/.exec(stdout) ?? [];
    expect(stdout.match(/░/g)?.length).toBe(Number(masked));
    await refused(["replay", "run.jsonl", "--step", "9"], "TRACE_INVALID", /from 0 to 8 for --step, got 9/);
  });

  it("prints a table of the steps with --list", async () => {
    const rows = (await cli("replay", "run.jsonl", "--list")).stdout.trim().split("\n");
    expect(rows[0]).toMatch(/^step +t +masked +settled +kept +back +mean confidence +forwards$/);
    expect(rows.length).toBe(9);
    expect(rows[1]).toMatch(/^1 +1\.000 +46 +6 +0 +0 +0\.\d{3} +1$/);
    expect(rows[8]).toMatch(/^8 +0\.125 +0 /);
  });

  it("runs it again with --verify, and every step is equal", async () => {
    const { code, stdout } = await cli("replay", "run.jsonl", "--verify");
    expect([code, stdout]).toEqual([0, "All 8 steps are equal, and so are all confidences.\n"]);
  });

  it("says with --verify which step differs, and how", async () => {
    // Another token in step 3, consistently from there on: the trace of a run that never was.
    const [header, started, ...events] = lines("run.jsonl");
    const third = JSON.parse(events[2]);
    const { row, position, to } = third.revealed;
    const known = JSON.parse(started).tokens.map(({ id }: { id: number }) => id);
    const other = known.find((id: number) => id !== to[0] && id > 3 && id < 260);
    third.revealed.to[0] = other;
    const last = JSON.parse(events[8]);
    last.ids[row[0] * 32 + position[0]] = other;
    const forged = [header, started, events[0], events[1], JSON.stringify(third), ...events.slice(3, 8)];
    writeFileSync(join(folder, "forged.jsonl"), `${[...forged, JSON.stringify(last)].join("\n")}\n`);
    await refused(
      ["replay", "forged.jsonl", "--verify"],
      "TRACE_DIFFERS",
      new RegExp(
        `step 3 .* row ${row[0]} at position ${position[0]} in the trace.*The 2 steps before are equal`,
      ),
    );
  });

  it("shows what there is of a torn file, and says so", async () => {
    const text = readFileSync(join(folder, "run.jsonl"), "utf8");
    const end = lines("run.jsonl").slice(0, 5).join("\n").length;
    writeFileSync(join(folder, "torn.jsonl"), text.slice(0, end + 40));
    const { code, stdout, stderr } = await cli("replay", "torn.jsonl");
    expect([code, stderr]).toEqual([
      0,
      "torn.jsonl ends after step 3, in the middle of a line: the run was cut off there.\n",
    ]);
    expect(stdout.match(/step \d\/8/g)).toEqual(["step 0/8", "step 1/8", "step 2/8", "step 3/8"]);
    expect((await cli("replay", "torn.jsonl", "--verify")).stdout).toMatch(/^All 3 steps are equal/);
  });

  it("refuses what is no trace", async () => {
    await refused(["replay", "none.jsonl"], "FILE_NOT_FOUND", /none\.jsonl/);
    await refused(
      ["replay", "text.txt"],
      "TRACE_INVALID",
      /header of a textdiffusion-trace.*line 1 of .*text\.txt/,
    );
    await refused(["replay", "run.jsonl", "--fps", "0"], "CONFIG_INVALID", /--fps/);
    const { code, stderr } = await cli("replay", "run.jsonl", "--list", "--verify");
    expect([code, stderr]).toEqual([2, expect.stringMatching(/--list.*--verify/)]);
  });
});

describe("render", () => {
  it("draws the run that generate drew as it happened, but for its times", async () => {
    const args = ["--prompt", "A lamp", "--seed", "7", "--count", "2", "--steps", "8"];
    const drawn = await cli("generate", ...model, ...args, "--picture", "live.html", "--picture", "live.gif");
    expect(drawn.code, drawn.stderr).toBe(0);
    expect(drawn.stderr).toContain("The replay is in live.html and live.gif.");
    const rendered = await cli("render", "run.jsonl", "--out", "traced.html");
    expect(rendered.code, rendered.stderr).toBe(0);
    const recordingsIn = (file: string) => {
      const [, json] = /<script type="application\/json">(.*)<\/script>/.exec(lines(file).join("\n")) ?? [];
      return JSON.parse(json.replace(/"elapsedMs":\d+/g, '"elapsedMs":0').replaceAll(',"elapsedMs":0', ""));
    };
    expect(recordingsIn("live.html")).toEqual(recordingsIn("traced.html"));
    expect(readFileSync(join(folder, "live.gif")).subarray(0, 6).toString("latin1")).toBe("GIF89a");
  });

  it("puts runs side by side, and keeps what is no picture of its own", async () => {
    expect((await cli("render", "run.jsonl", "run.jsonl", "--out", "two.gif")).code).toBe(0);
    await refused(["render", "run.jsonl", "--out", "run.jsonl"], "CONFIG_INVALID", /ends in \.gif or \.html/);
    writeFileSync(join(folder, "mine.gif"), "mine");
    await refused(["render", "run.jsonl", "--out", "mine.gif"], "FILE_NOT_WRITABLE", /is something else/);
    await refused(["render", "text.txt", "--out", "new.gif"], "TRACE_INVALID", /text\.txt/);
    await refused(["generate", ...model, "--picture", "mine.gif"], "FILE_NOT_WRITABLE", /is something else/);
    await refused(["report", "model", "--out", "curves.gif"], "CONFIG_INVALID", /ends in \.html/);
    await refused(
      ["report", "text.txt", "--out", "curves.html"],
      "DATA_INVALID",
      /expected steps of a training/,
    );
    expect(existsSync(join(folder, "new.gif"))).toBe(false);
  });
});

describe("a run that is killed", () => {
  it("leaves a trace that can be read", async () => {
    // Every step of it costs a forward, so that there is time to kill it.
    const endless = [
      ...["generate", ...model, "--sampler", "remasking", "--steps", "5000", "--trace", "killed.jsonl"],
    ];
    const { signal } = await runCli(endless, {
      cwd: folder,
      onOutput: (_, kill) => {
        const timer = setInterval(() => {
          const file = join(folder, "killed.jsonl");
          if (!existsSync(file) || readFileSync(file, "utf8").split("\n").length < 6) return;
          clearInterval(timer);
          kill("SIGKILL");
        }, 20);
        timer.unref();
      },
    });
    expect(signal).toBe("SIGKILL");
    const { code, stderr } = await cli("replay", "killed.jsonl", "--list");
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^killed\.jsonl ends after step \d+, /)]);
  });
});

describe("fork", () => {
  const fork = (...args: string[]) => cli("fork", "run.jsonl", ...args);
  const stepsOf = (file: string) =>
    lines(file)
      .map((line) => JSON.parse(line))
      .filter(({ kind }) => kind === "step");

  it("with nothing changed writes the rest of the run", async () => {
    const { code, stdout, stderr } = await fork("--at", "3", "--out", "same.jsonl");
    expect(code, stderr).toBe(0);
    const whole = JSON.parse(lines("run.jsonl").at(-1) as string);
    expect(stdout).toContain(whole.texts[1]);
    expect(stepsOf("same.jsonl").map(({ tokens: _, ...step }) => step)).toEqual(
      stepsOf("run.jsonl")
        .slice(3)
        .map(({ tokens: _, ...step }) => step),
    );
    expect((await cli("replay", "same.jsonl", "--verify")).stdout).toMatch(/^All 5 steps are equal/);
  });

  it("goes on with another sampler, another seed and words in place", async () => {
    const result = await fork(
      ...["--at", "3", "--sampler", "entropy", "--steps", "4", "--seed", "1"],
      ...["--lock", "0:12=moon", "--lock", "1:30=??", "--out", "moon.jsonl", "--json"],
    );
    expect(result.code, result.stderr).toBe(0);
    const { ids, config, seed } = JSON.parse(result.stdout);
    const bytes = (row: number, from: number, to: number) =>
      String.fromCharCode(...ids[row].slice(from, to).map((id: number) => id - 4));
    expect([bytes(0, 12, 16), bytes(1, 30, 32), seed]).toEqual(["moon", "??", 1]);
    expect(config.sampler).toEqual({ name: "entropy", steps: 4 });
    expect(JSON.parse(lines("moon.jsonl")[0]).parent).toMatchObject({ step: 3, locks: { length: 6 } });
    expect((await cli("fork", "moon.jsonl", "--at", "4", "--out", "second.jsonl")).code).toBe(0);
    expect((await cli("replay", "second.jsonl", "--verify")).stdout).toMatch(/steps are equal/);
  });

  it.each<[string, string[], string, RegExp]>([
    ["a step that the run does not have", ["--at", "9"], "TRACE_INVALID", /from 0 to 8.*got 9/],
    [
      "no syntax",
      ["--at", "3", "--lock", "12=moon"],
      "CONFIG_INVALID",
      /row:position=text for --lock, got "12=moon"/,
    ],
    ["nothing to lock", ["--at", "3", "--lock", "0:12="], "CONFIG_INVALID", /row:position=text/],
    [
      "a place in the prompt",
      ["--at", "3", "--lock", "0:5=x"],
      "PROMPT_INVALID",
      /position 5, which is not editable/,
    ],
    [
      "a place outside the page",
      ["--at", "3", "--lock", "0:30=moon"],
      "PROMPT_INVALID",
      /position 32, outside the page of \[2, 32\]/,
    ],
    ["a row that is not there", ["--at", "3", "--lock", "2:12=x"], "PROMPT_INVALID", /row 2/],
    ["a place twice", ["--at", "3", "--lock", "0:12=ab", "--lock", "0:13=c"], "PROMPT_INVALID", /twice/],
    ["a mask", ["--at", "3", "--lock", "0:12=<mask>"], "TOKEN_OUT_OF_RANGE", /"<mask>"/],
    ["an unknown sampler", ["--at", "3", "--sampler", "entrop"], "UNKNOWN_COMPONENT", /"entrop"/],
    ["another model", ["--at", "3", "--model", "."], "MODEL_INVALID", /config\.json/],
  ])("refuses %s, and writes nothing", async (_, args, code, sentence) => {
    await refused(["fork", "run.jsonl", ...args, "--out", "refused.jsonl"], code, sentence);
    expect(existsSync(join(folder, "refused.jsonl"))).toBe(false);
  });

  it("keeps to the regular expression of the run, and takes no locks under it", async () => {
    const regex = ["--prompt", "A {6} moon", "--regex", "[a-f]{2}\\d{4}", "--seed", "3", "--steps", "6"];
    const run = await cli("generate", ...model, ...regex, "--trace", "regex.jsonl");
    expect(run.code, run.stderr).toBe(0);
    expect((await cli("replay", "regex.jsonl", "--verify")).stdout).toMatch(/steps are equal/);
    const result = await cli("fork", "regex.jsonl", "--at", "2", "--seed", "5", "--out", "regex-fork.jsonl");
    expect(result.code, result.stderr).toBe(0);
    expect(result.stdout).toMatch(/^A [a-f]{2}\d{4} moon/);
    expect((await cli("replay", "regex-fork.jsonl", "--verify")).stdout).toMatch(/steps are equal/);
    await refused(
      ["fork", "regex.jsonl", "--at", "2", "--lock", "0:3=a", "--out", "refused.jsonl"],
      "UNSUPPORTED",
      /no locks in a run under a constraint/,
    );
  });

  it("never writes over its parent", async () => {
    const before = readFileSync(join(folder, "run.jsonl"), "utf8");
    await refused(
      ["fork", "run.jsonl", "--at", "3", "--out", "./run.jsonl"],
      "FILE_NOT_WRITABLE",
      /another file/,
    );
    expect(readFileSync(join(folder, "run.jsonl"), "utf8")).toBe(before);
  });
});

it.each(["replay", "fork"])("%s explains itself", async (command) => {
  const { code, stdout, stderr } = await cli(command, "--help");
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/Examples:.*textdiffusion/s);
});
