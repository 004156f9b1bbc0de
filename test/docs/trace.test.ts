import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repositoryRoot } from "../architecture/source-imports.js";
import { exampleFolder, runExample } from "./run-example.js";

let example: Awaited<ReturnType<typeof exampleFolder>>;
beforeAll(async () => {
  example = await exampleFolder();
});
afterAll(() => example.remove());

it("docs/trace.md's example runs as it stands", () => {
  const printed = runExample(example.folder, "docs/trace.md").trim().split("\n");
  expect(printed.slice(0, 8).map((line) => line.replace(/\d+ masked/, "some masked"))).toEqual(
    Array.from({ length: 8 }, (_, step) => `step ${step}: some masked`),
  );
  expect(printed[8]).toBe("8 steps are equal, nothing differs");
  expect(printed.slice(9)).toEqual(["started", "step", "step", "step", "finished", "m"]);
});

describe("docs/trace.md's tables", () => {
  const text = readFileSync(join(repositoryRoot, "docs/trace.md"), "utf8");
  const golden = (name: string) =>
    readFileSync(join(repositoryRoot, "scripts/golden/loop-traces", name), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));

  const section = (title: string) => text.split(/^### /m).find((part) => part.startsWith(title)) ?? "";
  const named = (part: string) =>
    new Set(
      [...part.matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, cell]) =>
        [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name),
      ),
    );

  it("name every field that a trace has, and no other", () => {
    const lines = ["remasking.jsonl", "confidence.jsonl"].flatMap(golden);
    for (const [title, kind, optional] of [
      ["Header", undefined, ["model", "parent"]],
      ["`started`", "started", ["restrictions", "revealLogProbs"]],
      ["`step`", "step", []],
      ["`finished`", "finished", []],
    ] as const) {
      const fields = lines.filter((line) => line.kind === kind).flatMap((line) => Object.keys(line));
      expect([...named(section(title))].sort(), title).toEqual([...new Set([...fields, ...optional])].sort());
    }
  });
});
