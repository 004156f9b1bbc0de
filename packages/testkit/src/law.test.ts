import { expect, it } from "vitest";
import { assertLaws, type Law, withSkips } from "./law.js";

const laws: Law[] = [
  { name: "holds", run: () => undefined },
  {
    name: "breaks",
    run: async () => {
      throw new Error("expected 1, got 2");
    },
  },
];

it("names the laws that break, with their sentence", async () => {
  await expect(assertLaws(laws)).rejects.toThrow("breaks: expected 1, got 2");
});

it("leaves skipped laws in the list, with their reason, and does not run them", async () => {
  const skipped = withSkips(laws, [{ law: "breaks", reason: "is broken on purpose" }]);
  expect(skipped.map(({ name, skip }) => ({ name, skip }))).toEqual([
    { name: "holds", skip: undefined },
    { name: "breaks", skip: "is broken on purpose" },
  ]);
  await assertLaws(skipped);
});

it("refuses to skip what is no law, or without a reason", () => {
  expect(() => withSkips(laws, [{ law: "brakes", reason: "x" }])).toThrow('"brakes". Known: holds, breaks');
  expect(() => withSkips(laws, [{ law: "breaks", reason: " " }])).toThrow("expected a reason");
});
