import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repositoryRoot } from "../architecture/source-imports.js";
import { runCli } from "../cli/run-cli.js";
import { exampleFolder, runExample } from "./run-example.js";

let example: Awaited<ReturnType<typeof exampleFolder>>;
beforeAll(async () => {
  example = await exampleFolder();
});
afterAll(() => example.remove());

/** Blocks of docs/onnx.md: commands, and what the page says that they print. */
const blocks = [
  ...readFileSync(join(repositoryRoot, "docs/onnx.md"), "utf8").matchAll(/```(sh|)\n([\s\S]*?)```/g),
];
const commands = blocks.filter(([, language]) => language === "sh").map(([, , text]) => text.trim());
const outputs = blocks.filter(([, language]) => language === "").map(([, , text]) => text.trim());

/** The words of an output; sizes belong to the model. */
const words = (text: string) => text.replaceAll(/\d[\d.]*/g, "0").replaceAll(/0 [kM]B?/g, "0");

describe("docs/onnx.md", () => {
  it("prints what it says", async () => {
    expect(commands).toHaveLength(2);
    for (const [index, command] of commands.entries()) {
      const [program, ...args] = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(
        ([, quoted, bare]) => quoted ?? bare,
      );
      expect(program).toBe("textdiffusion");
      const { code, stderr } = await runCli(args, { cwd: example.folder });
      expect(code, stderr).toBe(0);
      expect(words(stderr)).toContain(words(outputs[index]));
    }
  });

  it("has an example that runs as it stands, and writes what the command does", async () => {
    const printed = runExample(example.folder, "docs/onnx.md");
    const args = ["--model", "my-model-onnx", "--prompt", "The fox", "--seed", "3", "--length", "48"];
    const { stdout } = await runCli(["generate", ...args], { cwd: example.folder });
    expect(printed).toBe(stdout);
    expect(printed).toMatch(/^The fox/);
  });
});
