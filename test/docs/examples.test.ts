import { afterAll, beforeAll, expect, it } from "vitest";
import { exampleFolder, runExample, runExamples } from "./run-example.js";

let example: Awaited<ReturnType<typeof exampleFolder>>;
beforeAll(async () => {
  example = await exampleFolder();
});
afterAll(() => example.remove());

it("the twenty lines of the README run as they stand", () => {
  const after = "console.log(JSON.stringify(texts));\nawait careful.dispose();";
  const lines = runExample(example.folder, "README.md", after).trim().split("\n");
  expect(lines.slice(0, 16).every((line) => /^step \d+: \d+ tokens still masked$/.test(line))).toBe(true);
  expect(lines[15]).toBe("step 15: 0 tokens still masked");
  expect(JSON.parse(lines[16])[0]).toMatch(/^The fox [\s\S]* the moon\.$/);
});

it("docs/generation.md's examples run as they stand", () => {
  const lines = runExamples(example.folder, "docs/generation.md").trim().split("\n");
  const printed = lines.join("\n");
  expect(printed).toMatch(/^The [\s\S]* looked at the [\s\S]*\.\nKey: [0-9a-f]a[1-9a-f][0-9a-f]{5} [^eE]*\n/);
  expect(printed).toMatch(/\nOn \d{4}-(?:0\d|1[0-2])-[0-3]\d the fox \d{4}-(?:0\d|1[0-2])-[0-3]\d\n/);
  expect(printed).toMatch(/\n[2-5] tokens of 2, 3, 4, 5\n12 steps in 3 blocks\ntrue$/);
});

it("docs/evaluation.md's example runs as it stands", () => {
  const printed = runExample(example.folder, "docs/evaluation.md");
  expect(printed).toMatch(
    /^at most \d\.\d{3} ± \d\.\d{3} bits a byte\nbyte unigram: \d\.\d{3}\nbyte 6-gram: 0\.\d{3}\n/,
  );
  expect(printed).toMatch(/\nconfidence temperature=0\.7: 100 %\n/);
  expect(printed).toMatch(
    /\nrandom, 4 steps +4\.0 +16\.00 .*\nrandom, 8 steps +8\.0 +8\.00 .*\nconfidence temperature=0\.7, 4 steps /,
  );
});

it("the example of @textdiffusion/evaluation runs as it stands", () => {
  const [perplexity, entropy] = runExample(example.folder, "packages/evaluation/README.md")
    .split(" ")
    .map(Number);
  expect(perplexity).toBeGreaterThan(1);
  expect(entropy).toBeGreaterThan(1);
});

it("docs/denoisers.md's example runs as it stands: the first step of each block is exact", () => {
  const lines = runExample(example.folder, "docs/denoisers.md").trim().split("\n");
  expect(lines.length).toBe(17); // four steps for each block of 57 tokens, four of them
  expect(lines[0]).toBe("0 0.000000 1.00");
  expect(lines[4]).toMatch(/^4 0\.00000\d 1\.00$/);
  expect(lines[16]).toMatch(/^largest: \d+\.\d{6} nats$/);
});
