import { type DataDocument, type DataSource, DiffusionError } from "@textdiffusion/core";
import { expect, it } from "vitest";
import { dataSourceLaws } from "./data-source-laws.js";

const texts = ["one", "two", "three"];

function start(from: unknown): number {
  if (from === undefined || typeof from === "number") return from ?? 0;
  throw new DiffusionError({
    code: "DATA_INVALID",
    component: "test/source",
    problem: "expected a number",
    remedy: "-",
  });
}

const source = (changes: Partial<DataSource> = {}): DataSource => ({
  name: "list",
  async *documents(from) {
    for (let next = start(from); next < texts.length; next++) yield { text: texts[next], next: next + 1 };
  },
  fingerprint: async () => "three",
  ...changes,
});

/** The names of the laws that break. */
async function broken(make: () => DataSource): Promise<string[]> {
  const names: string[] = [];
  for (const { name, run } of dataSourceLaws(make)) {
    try {
      await run();
    } catch (error) {
      expect((error as Error).message).toMatch(/expected/);
      names.push(name);
    }
  }
  return names;
}

it("hold for a list", async () => expect(await broken(source)).toEqual([]));

let readings = 0;
it.each<[string, Partial<DataSource>, string[]]>([
  ["no documents", { async *documents() {} }, ["has-documents", "refuses-foreign-positions"]],
  [
    "positions before a document",
    {
      async *documents(from) {
        for (let next = start(from); next < texts.length; next++) yield { text: texts[next], next };
      },
    },
    ["goes-on-from-each-position", "positions-are-json"],
  ],
  [
    "positions that JSON cannot say",
    {
      async *documents(from) {
        const begin = from instanceof Map ? (from.get("at") as number) : start(from);
        for (let next = begin; next < texts.length; next++) {
          yield { text: texts[next], next: new Map([["at", next + 1]]) } as unknown as DataDocument;
        }
      },
    },
    ["positions-are-json"],
  ],
  [
    "another order each time",
    {
      async *documents(from) {
        const shift = readings++;
        for (let next = start(from); next < texts.length; next++) {
          yield { text: texts[(next + shift) % texts.length], next: next + 1 };
        }
      },
    },
    ["repeats", "goes-on-from-each-position", "positions-are-json", "stops-when-the-reader-does"],
  ],
  ["a fingerprint of the moment", { fingerprint: async () => String(readings++) }, ["keeps-its-fingerprint"]],
])("name what is wrong with %s", async (_, changes, laws) => {
  expect(await broken(() => source(changes))).toEqual(laws);
});
