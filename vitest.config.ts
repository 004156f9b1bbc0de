import { defineConfig } from "vitest/config";
import { sourceAliases } from "./scripts/source-aliases.js";

export default defineConfig({
  resolve: { alias: sourceAliases },
  test: {
    // The templates of plugins pass their own tests as they lie there.
    include: [
      "packages/*/src/**/*.test.ts",
      "packages/create-plugin/templates/*/src/*.test.ts",
      "test/**/*.test.ts",
    ],
    globalSetup: ["./scripts/build-gradients.mjs", "./scripts/software-graphics.mjs"],
    // Those that start the command a dozen times need it on a machine that does other things, too.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Two cores: tensor tests gain nothing from more workers.
    maxWorkers: 2,
  },
});
