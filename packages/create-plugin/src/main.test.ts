import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EXIT, main } from "./main.js";
import { pluginKinds } from "./plugin-kinds.js";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "create-plugin-main-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const folder = () => join(home, "plugin");
const manifest = () => JSON.parse(readFileSync(join(folder(), "package.json"), "utf8"));

/** Runs the command; `keys` are typed one after the other, as at a terminal, or nobody is there. */
async function run(args: string[], keys?: readonly string[]) {
  const input = Object.assign(new PassThrough(), { isTTY: keys !== undefined, setRawMode: () => input });
  const [output, notes] = [new PassThrough(), new PassThrough()].map((stream) => stream.setEncoding("utf8"));
  const code = main(args, { input, output, notes });
  for (const key of keys ?? []) {
    await pause(30); // the question is drawn
    input.write(key);
  }
  return { code: await code, output: String(output.read() ?? ""), notes: String(notes.read() ?? "") };
}

const [enter, down, interrupt] = ["\r", "\x1b[B", "\x03"];

describe("without a terminal", () => {
  it("writes what the flags say, and what to do next", async () => {
    const { code, output } = await run([
      "--kind",
      "sampler",
      "--name",
      "soft-steps",
      "--folder",
      folder(),
      "--yes",
    ]);
    expect(code).toBe(EXIT.done);
    expect(manifest().name).toBe("textdiffusion-plugin-soft-steps");
    expect(output).toMatch(/9 files in .*plugin\n\nNext:\n {2}cd .*plugin\n {2}npm install\n/);
  });

  it("takes the name without its flag", async () => {
    expect((await run(["soft-steps", "--kind", "schedule", "--folder", folder()])).code).toBe(EXIT.done);
    expect(manifest().keywords).toContain("textdiffusion-schedule");
  });

  it.each([
    [["--kind", "sampler"], /no --name\. Kinds: "backend", .*CONFIG_INVALID/],
    [["--name", "soft"], /no --kind/],
    [["--kind", "smapler", "--name", "soft"], /Known: "backend"/],
    [
      ["--knid", "sampler"],
      /expected "--folder", "--help", "--kind", "--name", "--yes", got Unknown option '--knid'.*UNKNOWN_OPTION/,
    ],
    [["one", "two"], /more than one name/],
  ])("refuses %j in one line, and writes nothing", async (args, sentence) => {
    const { code, notes } = await run([...args, "--folder", folder()]);
    expect(code).toBe(EXIT.badInput);
    expect(notes).toMatch(sentence);
    expect(notes.trimEnd()).not.toContain("\n");
    expect(readdirSync(home)).toEqual([]);
  });

  it("explains itself", async () => {
    const { code, output } = await run(["--help"]);
    expect(code).toBe(EXIT.done);
    for (const kind of Object.keys(pluginKinds)) expect(output).toContain(kind);
  });
});

describe("at a terminal", () => {
  it("asks for kind, name and folder, and asks again for a name that is taken", async () => {
    const { code, output } = await run(
      ["--folder", folder()],
      [down, enter, "cosine", enter, "-softly", enter],
    );
    expect(code).toBe(EXIT.done);
    expect(output).toContain("Taken: ");
    expect(manifest().keywords).toContain("textdiffusion-schedule"); // the second of the list
    expect(manifest().name).toBe("textdiffusion-plugin-cosine-softly");
  });

  it.each([
    ["at the first question", []],
    ["at the name", [enter]],
  ])("Ctrl-C %s leaves nothing", async (_, keys) => {
    const { code, notes } = await run(["--folder", folder()], [...keys, interrupt]);
    expect(code).toBe(EXIT.interrupted);
    expect(notes).toContain("Nothing was written.");
    expect(readdirSync(home)).toEqual([]);
  });

  it("refuses bad flags before it asks", async () => {
    const { code, notes } = await run(["--kind", "smapler"], []);
    expect(code).toBe(EXIT.badInput);
    expect(notes).toContain("Known: ");
  });
});
