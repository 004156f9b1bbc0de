import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { trainingVersion } from "./training-version.js";

it("is the version in package.json", () => {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  expect(trainingVersion).toBe(manifest.version);
});
