import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const packages = new URL("./packages/", import.meta.url);

/** Tests read every package from its sources, so that one change needs no build to be seen. */
const alias = readdirSync(packages).map((folder) => ({
  find: new RegExp(`^${folder === "preset" ? "textdiffusion" : `@textdiffusion/${folder}`}$`),
  replacement: fileURLToPath(new URL(`${folder}/src/index.ts`, packages)),
}));

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
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Two cores: tensor tests gain nothing from more workers.
    maxWorkers: 2,
  },
});
