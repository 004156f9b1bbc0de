// Builds every package into its dist/ folder: TypeScript (only what changed), then the gradients for Node.
import { installWhatIsMissing, runNode } from "./workspace.mjs";

await installWhatIsMissing();
console.log("Building the packages: tsc -b");
await runNode("node_modules/typescript/bin/tsc", "-b", ...process.argv.slice(2));
console.log("Bundling the gradients of tfjs for Node: scripts/build-gradients.mjs");
await runNode("scripts/build-gradients.mjs");
