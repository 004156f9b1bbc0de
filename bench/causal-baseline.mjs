// What an autoregressive model of the same size reaches on the text of a model of ours: a GPT-2 of its layers, width, heads
// and tokenizer learns the same part of the text in PyTorch, and what was held out costs it, row by row, no bound but the likelihood.
//
//   node bench/causal-baseline.mjs tinyshakespeare.txt [--steps 1000] [--dropout 0] [--evaluate-every 100] [--threads 2] [--seed 1]
//     [--model FOLDER]
//
// Needs a build and PyTorch. All else is as in the recipe of packages/tiny-model. Rows do not see each other, as in `textdiffusion eval`.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { tinyModelFolder } from "@textdiffusion/tiny-model";
import { bitsPerByte, loadTextDiffusion, rowsOfText, splitText, textLikelihood } from "textdiffusion";
import { here, torchCommand } from "./measure.mjs";

const { values: asked, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: "string", default: tinyModelFolder },
    steps: { type: "string", default: "1000" },
    dropout: { type: "string", default: "0" },
    "evaluate-every": { type: "string", default: "100" },
    threads: { type: "string", default: "2" },
    seed: { type: "string", default: "1" },
  },
});
const { before, last } = splitText(readFileSync(positionals[0], "utf8"), 0.1);
const config = JSON.parse(readFileSync(join(asked.model, "config.json"), "utf8"));
const model = await loadTextDiffusion(asked.model);
const [tokenizer, denoiser, schedule] = [
  await model.get("tokenizer"),
  await model.get("denoiser"),
  await model.get("schedule"),
];
const rowLength = model.settings.length;
const { rows, tokens, bytes } = rowsOfText(tokenizer, last, { rowLength });
const causal = await train({
  train: [...tokenizer.encode(before)],
  heldOut: rows.map(({ ids }) => [...ids]),
});
const bound = await textLikelihood(last, { denoiser, tokenizer, schedule, rowLength });
await model.dispose();
console.log("\n| bits a byte of what was held out | | +- one standard error |\n| --- | --- | --- |");
print(`the GPT-2 after ${causal.best} steps`, causal.rowNats);
print("the diffusion model, at most", bound.rowNats);
print(
  "difference, row by row",
  bound.rowNats.map((nats, row) => nats - causal.rowNats[row]),
);

// --- internal ---

async function train(text) {
  const [command, args, environment] = torchCommand("causal_training.py", {
    layers: config.num_hidden_layers,
    hidden: config.hidden_size,
    heads: config.num_attention_heads,
    feedForward: config.intermediate_size,
    vocab: config.vocab_size,
    beginId: tokenizer.special.begin,
    rowLength,
    batchSize: 16,
    learningRate: 6e-4,
    warmupSteps: 300,
    beta2: 0.98,
    weightDecay: 0.05,
    ema: 0.999,
    dropout: Number(asked.dropout),
    steps: Number(asked.steps),
    evaluateEvery: Number(asked["evaluate-every"]),
    seed: Number(asked.seed),
    threads: Number(asked.threads),
  });
  const child = spawn(command, args, {
    cwd: here,
    env: { ...process.env, ...environment },
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(JSON.stringify(text));
  let answer;
  console.log("| steps | seconds | nats a token, rows learnt meanwhile | what was held out | bits a byte |");
  console.log("| --- | --- | --- | --- | --- |");
  for await (const line of createInterface(child.stdout)) {
    answer = JSON.parse(line);
    if (answer.step === undefined) continue;
    const { step, seconds, train: learnt, heldOut } = answer;
    const figures = [learnt, heldOut, bitsPerByte(heldOut * tokens, bytes)].map((figure) =>
      figure.toFixed(3),
    );
    console.log(`| ${[step, seconds.toFixed(0), ...figures].join(" | ")} |`);
  }
  if (answer?.rowNats === undefined) throw new Error("PyTorch ended before it was done");
  return answer;
}

function print(name, rowNats) {
  const perToken = sum(rowNats) / tokens;
  const squares = sum(rowNats.map((nats, row) => (nats - perToken * rows[row].ids.length) ** 2));
  const error = Math.sqrt((rows.length / (rows.length - 1)) * squares); // nats of the whole text, the rows taken for independent
  const cells = [sum(rowNats), error].map((nats) => bitsPerByte(nats, bytes).toFixed(3));
  console.log(`| ${name} | ${cells.join(" | ")} |`);
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}
