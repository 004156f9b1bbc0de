import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../architecture/source-imports.js";

/** The golden values of `scripts/golden/NAME.json`. */
export function goldenVectors<Vectors>(name: string): Vectors {
  return JSON.parse(readFileSync(join(repositoryRoot, `scripts/golden/${name}.json`), "utf8"));
}

/** What the script beside them derives now. */
export function derivedVectors(name: string): unknown {
  const script = join(repositoryRoot, `scripts/golden/${name}.mjs`);
  return JSON.parse(execFileSync(process.execPath, [script], { encoding: "utf8" }));
}
