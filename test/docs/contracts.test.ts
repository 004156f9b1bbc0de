import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { repositoryRoot } from "../architecture/source-imports.js";
import { runExamples } from "./run-example.js";

mkdirSync(join(repositoryRoot, ".cache"), { recursive: true });
const folder = mkdtempSync(join(repositoryRoot, ".cache", "contracts-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("docs/contracts/schedule.md's examples run as they stand, laws and all", () => {
  const [weight, times] = runExamples(folder, "docs/contracts/schedule.md").trim().split("\n");
  expect(Number(weight)).toBeCloseTo(1, 8);
  expect(times).toMatch(/^Float64Array\(1\) \[ 0\.\d+ \]$/);
});

it("docs/contracts/collator.md's example runs as it stands, laws and all", () => {
  const [text, ratio] = runExamples(folder, "docs/contracts/collator.md").trim().split("\n");
  expect(text).toMatch(/<mask>.*<pad>$/);
  expect(Number(ratio)).toBeCloseTo(3, 5);
});

it("docs/contracts/sampler.md's example runs as it stands: text grows from what is known", () => {
  expect(runExamples(folder, "docs/contracts/sampler.md").trim().split("\n")).toEqual(["2 6", "1 7", "0 8"]);
});

it("docs/contracts/denoiser.md's example runs as it stands: the laws hold over HTTP, and the text is the same", () => {
  const [here, there] = runExamples(folder, "docs/contracts/denoiser.md").trim().split("\n");
  expect(here).toMatch(/^fab[a-f]{7}$/);
  expect(there).toBe(here);
});

it("docs/contracts/tokenizer.md's example runs as it stands, laws and all", () => {
  expect(runExamples(folder, "docs/contracts/tokenizer.md").trim()).toBe("[ 1, 5, 6, 3, 2 ]");
});

it("docs/contracts/source.md's example runs as it stands, laws and all", () => {
  expect(runExamples(folder, "docs/contracts/source.md").trim().split("\n")).toEqual([
    "Add a parser",
    "Release",
  ]);
});

it("docs/contracts/callback.md's example runs as it stands, laws and all", () => {
  const record = '{"save":true,"say":"a record: 2.500 nats a token"}';
  expect(runExamples(folder, "docs/contracts/callback.md").trim().split("\n")).toEqual([
    "undefined",
    record,
    "undefined",
  ]);
});

it("docs/contracts/backend.md's example runs as it stands, laws and all", () => {
  const [trains, time] = runExamples(folder, "docs/contracts/backend.md").trim().split("\n");
  expect(trains).toBe("true");
  expect(time).toMatch(/^cpu ran for \d+ ms$/);
});

it("docs/write-a-plugin.md's plugin keeps the laws, and can be named in a config", () => {
  const after = `
import { createPipeline } from "@textdiffusion/core";
import { fakeDenoiser, letterTokenizer, powerNoise } from "@textdiffusion/testkit";
const tokenizer = letterTokenizer("abc");
const denoiser = fakeDenoiser({ vocabularySize: tokenizer.vocabularySize, maskTokenId: tokenizer.special.mask });
const sampler = { name: "few", atOnce: 3 };
const pipeline = await createPipeline({ plugins: [plugin], tokenizer, denoiser, schedule: powerNoise(1), sampler });
console.log((await pipeline.generate({ length: 8 })).steps);
`;
  expect(runExamples(folder, "docs/write-a-plugin.md", after).trim()).toBe("3");
});
