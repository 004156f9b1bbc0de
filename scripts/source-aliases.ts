// Every package by its sources, its other entries too, so that one change needs no build to be seen: for tests and the playground.
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const packages = new URL("../packages/", import.meta.url);

export const sourceAliases = readdirSync(packages).flatMap((folder) => {
  const name = folder === "preset" ? "textdiffusion" : `@textdiffusion/${folder}`;
  const sources = fileURLToPath(new URL(`${folder}/src/`, packages));
  return [
    { find: new RegExp(`^${name}$`), replacement: `${sources}index.ts` },
    { find: new RegExp(`^${name}/([\\w-]+)$`), replacement: `${sources}$1.ts` },
  ];
});
