// Installs what is missing, builds, and runs the tests. Arguments go to vitest: npm test -- packages/core -t "seed"
import { runNode } from "./workspace.mjs";

await runNode("scripts/build.mjs");
console.log("Running the tests: vitest run");
await runNode("node_modules/vitest/vitest.mjs", "run", ...process.argv.slice(2));
