// The demonstration behind `npm start`: installs and builds what is missing, trains a small model on the fables in
// examples/ and lets it write. Everything runs through the command that users have, and is printed before it runs.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root, runNode } from "./workspace.mjs";

const command = "packages/cli/dist/bin.js";
const model = "runs/fables";
const config = "examples/fables/textdiffusion.config.json";

await runNode("scripts/build.mjs");

if (existsSync(join(root, model, "model.safetensors"))) {
  heading(`A model from an earlier start is in ${model}. Delete that folder to train it again.`);
} else {
  heading(
    "Training a small model on 26 kB of fables, from nothing. It takes a minute or two; Ctrl-C saves and stops.",
  );
  await runCommand("train", "--config", config, "--out", model, "--resume");
}

heading("Letting it write: a page of masks becomes a fable, the surest letters first.");
await runCommand("generate", "--model", model, "--prompt", "The fox and the");

heading("What to try next");
console.log(`  Another fable, two at once, more slowly:
    ${shown("generate", "--model", model, "--count", "2", "--delay", "150")}
  How sure the model was of each letter, as many letters a step as it is sure of:
    ${shown("generate", "--model", model, "--sampler", "threshold", "--show-confidence")}
  A model of your own text:
    ${shown("train", "--data", "YOUR-TEXT.txt", "--model", "new", "--out", "runs/mine")}
  What this machine can do, and every name that a config knows:
    ${shown("doctor")}
`);

function heading(text) {
  console.log(`\n${text}`);
}

function runCommand(...args) {
  console.log(`  $ ${shown(...args)}\n`);
  return runNode(command, ...args);
}

function shown(...args) {
  return ["node", command, ...args.map((arg) => (/\s/.test(arg) ? `"${arg}"` : arg))].join(" ");
}
