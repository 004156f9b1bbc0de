// The demonstration behind `npm start`: installs and builds what is missing, and lets the small model that ships with the
// repository write, with a page and a GIF of how it did. Everything runs through the command that users have, and is printed
// before it runs. What stands after `npm start --` goes to the command: npm start -- --prompt "JULIET:" --seed 3
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { root, runNode } from "./workspace.mjs";

const command = "packages/cli/dist/bin.js";
const pictures = ["runs/romeo.html", "runs/romeo.gif"];

await runNode("scripts/build.mjs");

mkdirSync(join(root, "runs"), { recursive: true });
heading("A page of masks becomes a scene of Shakespeare's, as a small model of 5 million weights sees it.");
await runCommand(
  "generate",
  ...["--model", "tiny", "--prompt", "ROMEO:"],
  ...pictures.flatMap((file) => ["--picture", file]),
  ...process.argv.slice(2),
);

heading("What to try next");
console.log(`  Watch it again: open ${pictures.join(" or ")}.
  Two scenes at once, more slowly, and how sure the model was of each word:
    ${shown("generate", "--model", "tiny", "--prompt", "JULIET:", "--count", "2", "--delay", "150", "--show-confidence")}
  Another sampler, which takes as many words a step as it is sure of:
    ${shown("generate", "--model", "tiny", "--prompt", "KING:", "--sampler", "threshold")}
  A model of your own, trained in a minute or two on the fables in examples/:
    ${shown("train", "--config", "examples/fables/textdiffusion.config.json", "--out", "runs/fables")}
    ${shown("generate", "--model", "runs/fables", "--prompt", "The fox and the")}
  And of a text of yours:
    ${shown("train", "--data", "YOUR-TEXT.txt", "--model", "new", "--out", "runs/mine")}
  In the browser, with a slider through the steps:
    npm run playground
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
