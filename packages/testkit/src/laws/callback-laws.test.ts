import { type Callback, DiffusionError } from "@textdiffusion/core";
import { expect, it } from "vitest";
import { callbackLaws } from "./callback-laws.js";

/** The names of the laws that break. */
async function broken(make: () => Callback, options?: Parameters<typeof callbackLaws>[1]): Promise<string[]> {
  const names: string[] = [];
  for (const { name, run } of callbackLaws(make, options)) {
    try {
      await run();
    } catch (error) {
      expect((error as Error).message).toMatch(/expected|read only/);
      names.push(name);
    }
  }
  return names;
}

const callback = (onEvent: Callback["onEvent"]): Callback => ({ name: "test", onEvent });

it("hold for one that only looks on, and for one that asks for everything", async () => {
  expect(await broken(() => callback(() => undefined))).toEqual([]);
  const asking = () => callback(async () => ({ stop: true, save: true, validate: true, say: "all" }));
  expect(await broken(asking)).toEqual([]);
});

it("hold for one that needs a folder and says so", async () => {
  const needy = () =>
    callback((_, { folder }) => {
      if (folder !== undefined) return;
      throw new DiffusionError({
        code: "CONFIG_INVALID",
        component: "test/callback",
        problem: "expected a folder, got none",
        remedy: "Name one",
      });
    });
  expect(await broken(needy, { run: { folder: "somewhere" } })).toEqual([]);
});

let told = 0;
it.each<[string, Callback["onEvent"], string[]]>([
  [
    "an answer that nobody knows",
    () => ({ halt: true }) as object,
    ["answers-have-known-keys", "watches-a-resumed-run"],
  ],
  [
    "an answer of another type",
    () => ({ stop: "yes" }) as object,
    ["answers-have-known-keys", "watches-a-resumed-run"],
  ],
  [
    "events that are written into",
    (event) => {
      (event as { step: number }).step = 7;
    },
    ["leaves-events-alone"],
  ],
  ["answers that depend on runs before", () => ({ say: `event ${++told}` }), ["begins-anew-when-started"]],
  [
    "a folder that is taken for granted",
    (_, { folder }) => void (folder as string).length,
    ["says-what-it-lacks"],
  ],
  [
    "an abort that is a failure",
    (_, { signal }) => {
      if (signal.aborted) throw new Error("expected to go on");
    },
    ["answers-after-an-abort"],
  ],
])("name what is wrong with %s", async (_, onEvent, laws) => {
  expect(await broken(() => callback(onEvent), { run: { folder: "somewhere" } })).toEqual(laws);
});
