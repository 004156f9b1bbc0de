import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const packages = new URL("./packages/", import.meta.url);

/** Tests read every package from its sources, its other entries too, so that one change needs no build to be seen. */
const alias = readdirSync(packages).flatMap((folder) => {
  const name = folder === "preset" ? "textdiffusion" : `@textdiffusion/${folder}`;
  const sources = fileURLToPath(new URL(`${folder}/src/`, packages));
  return [
    { find: new RegExp(`^${name}$`), replacement: `${sources}index.ts` },
    { find: new RegExp(`^${name}/([\\w-]+)$`), replacement: `${sources}$1.ts` },
  ];
});

export default defineConfig({
  resolve: { alias },
  test: {
    // The templates of plugins pass their own tests as they lie there.
    include: [
      "packages/*/src/**/*.test.ts",
      "packages/create-plugin/templates/*/src/*.test.ts",
      "test/**/*.test.ts",
    ],
    globalSetup: ["./scripts/build-gradients.mjs"],
    // Those that start the command a dozen times need it on a machine that does other things, too.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Two cores: tensor tests gain nothing from more workers.
    maxWorkers: 2,
  },
});
