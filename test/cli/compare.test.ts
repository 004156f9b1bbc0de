import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadAutoregression } from "textdiffusion";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repositoryRoot } from "../architecture/source-imports.js";
import { runCli } from "./run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "textdiffusion-compare-"));
const gpt2 = join(folder, "gpt2");
const [length, prompt] = [24, "ROMEO:"];
const compare = (...more: string[]) =>
  runCli(["compare", "--model", "tiny", "--beside", "gpt2", "--prompt", prompt, "--seed", "5", ...more], {
    cwd: folder,
  });

beforeAll(async () => {
  const text = "It is a truth universally acknowledged, that a single man in possession of a good fortune. ";
  writeFileSync(join(folder, "text.txt"), text.repeat(3));
  const trained = await runCli(
    ["train-tokenizer", "--data", "text.txt", "--vocab-size", "300", "--out", "tokenizer"],
    { cwd: folder },
  );
  expect(trained).toMatchObject({ code: 0 });
  const json = JSON.parse(readFileSync(join(folder, "tokenizer/tokenizer.json"), "utf8"));
  makeGpt2(Object.keys(json.model.vocab).length);
  writeFileSync(join(gpt2, "tokenizer.json"), JSON.stringify(withoutMask(json)));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("compare", () => {
  it("has each write its own text in its own number of forwards, the same for the same seed", async () => {
    const { code, stdout, stderr } = await compare("--length", `${length}`, "--steps", "6", "--json");
    expect([code, stderr]).toEqual([0, ""]);
    const { results, timesAsFast } = JSON.parse(stdout);
    const [diffusion, autoregression] = results;

    const alone = await runCli(
      [
        ...["generate", "--model", "tiny", "--prompt", prompt, "--seed", "5"],
        ...["--length", `${length}`, "--steps", "6", "--json"],
      ],
      { cwd: folder },
    );
    const { texts, forwards } = JSON.parse(alone.stdout);
    expect(diffusion).toMatchObject({ text: texts[0], forwards });
    expect(diffusion.forwards).toBeLessThanOrEqual(6);

    const model = await loadAutoregression({ folder: gpt2, temperature: 0.7 });
    try {
      const written = await model.generate({ prompts: [prompt], length, seed: 5 });
      expect(autoregression.text).toBe(written.texts[0]);
      const given = (await model.get("tokenizer")).encode(prompt).length;
      expect(autoregression).toMatchObject({ tokens: length - given, forwards: length - given });
    } finally {
      await model.dispose();
    }
    const rate = ({ tokens, againMs }: { tokens: number; againMs: number }) => tokens / againMs;
    expect(timesAsFast).toBeCloseTo(rate(diffusion) / rate(autoregression), 10);
  });

  it("prints both texts and a table, and draws them side by side", async () => {
    const { code, stdout } = await compare("--length", `${length}`, "--steps", "6", "--picture", "race.html");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^── tiny: random ──\nROMEO:[\s\S]*^── .*gpt2: one token a step ──\nROMEO:/m);
    expect(stdout).toMatch(/forwards +tokens +bytes +first s +again s +tokens\/s/);
    expect(stdout).toMatch(/wrote its tokens \d+\.\d\d times as fast/);
    const page = readFileSync(join(folder, "race.html"), "utf8");
    for (const title of ["tiny: random", "gpt2: one token a step"]) expect(page).toContain(title);
  });

  it("has said all that was written when the picture cannot be drawn", async () => {
    const tooLong = `${"a".repeat(300)}.html`; // for a file's name, which writing alone finds
    const sizes = ["--length", "16", "--steps", "2"];
    const { code, stdout, stderr } = await compare(...sizes, "--picture", tooLong);
    expect([code, stderr.match(/\((\w+)\)/)?.[1]]).toEqual([2, "FILE_NOT_WRITABLE"]);
    expect(stdout).toMatch(/times as fast/);
  });

  it.each([
    ["another kind of model", ["--beside", "tokenizer"], /config\.json/],
    ["gaps", ["--prompt", "a {3} b"], /\(PROMPT_INVALID\)/],
    ["a folder that is not there", ["--beside", "gpt3"], /--beside, got "gpt3".*\(FILE_NOT_FOUND\)/s],
    [
      "a file that is no picture",
      ["--picture", "race.doc"],
      /\.gif or \.html or \.png or \.txt, got \S+race\.doc.*\(CONFIG_INVALID\)/s,
    ],
  ])("refuses %s", async (_, more, message) => {
    const { code, stdout, stderr } = await compare(...more);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
  });
});

// --- internal ---

function makeGpt2(vocabulary: number): void {
  const sizes = { vocab_size: vocabulary, n_embd: 16, n_layer: 2, n_head: 2, n_positions: 64 };
  const script = join(repositoryRoot, "scripts/random-gpt2.mjs");
  execFileSync(process.execPath, [script, gpt2, JSON.stringify(sizes)]);
}

/** As GPT-2's own tokenizer: no mask token, one special token at the end. */
function withoutMask(json: { added_tokens: { id: number; content: string }[] }): object {
  const end = json.added_tokens.find(({ content }) => content === "</s>");
  return { ...json, post_processor: null, added_tokens: [{ ...end, content: "</s>" }] };
}
