// The article's comparison at full size, on random weights: a RoBERTa of base geometry is fine-tuned and saved by our own
// command, opened again, and writes 256 tokens in 10 forwards, beside a GPT-2 of its small geometry that writes as many
// with its keys and values kept. Both run the same backend, in turn, and so does such a GPT-2 in PyTorch, where there is one.
//
//   node bench/roberta-beside-gpt2.mjs --data wikitext2-valid.txt [--rounds 7] [--steps 20] [--length 256] [--folder DIR]
//
// Needs a build, 8 GB of memory and 4 GB of disk. What a kept --folder holds already is not made again.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { askInTurns, startProgram } from "./in-turns.mjs";
import { here, nodeCommand, printTable, torchCommand } from "./measure.mjs";

const asked = process.argv.slice(2);
const option = (name, fallback) => (asked.includes(name) ? asked[asked.indexOf(name) + 1] : fallback);
const data = resolve(option("--data", "../shared/data/wikitext2-valid.txt"));
const kept = option("--folder");
const folder = kept === undefined ? mkdtempSync(join(tmpdir(), "roberta-beside-gpt2-")) : resolve(kept);
const [tokenizer, roberta, tuned, gpt2] = ["tokenizer", "roberta", "tuned", "gpt2"].map((name) =>
  join(folder, name),
);
const length = Number(option("--length", 256));

try {
  prepare();
  fineTune();
  await writeInTurns();
} finally {
  if (kept === undefined) rmSync(folder, { recursive: true, force: true });
}

// --- internal ---

function prepare() {
  if (!existsSync(tokenizer)) {
    textdiffusion("train-tokenizer", "--data", data, "--vocab-size", "30000", "--out", tokenizer);
  }
  if (!existsSync(roberta)) {
    const sizes = {
      vocabularySize: 50265,
      hidden: 768,
      layers: 12,
      heads: 12,
      feedForward: 3072,
      maxLength: 512,
    };
    run(...nodeCommand("tfjs/random-roberta.mjs", { folder: roberta, ...sizes }));
    cpSync(tokenizer, roberta, { recursive: true });
  }
  if (!existsSync(gpt2)) {
    const sizes = { vocab_size: 50257, n_embd: 768, n_layer: 12, n_head: 12, n_positions: 1024 };
    const script = fileURLToPath(new URL("../scripts/random-gpt2.mjs", import.meta.url));
    run(process.execPath, [script, gpt2, JSON.stringify({ ...sizes, bos_token_id: 0 })]);
    cpSync(tokenizer, gpt2, { recursive: true });
  }
}

/** Loading, training and saving, as a user runs it: seconds by the clock, memory at its peak. */
function fineTune() {
  if (existsSync(tuned)) return;
  const batches = ["--batch-size", "4", "--row-length", "128"];
  const steps = option("--steps", "20");
  const [from, to] = [
    ["--model", roberta, "--data", data],
    ["--out", tuned],
  ];
  const { seconds, peakMb } = textdiffusion("train", ...from, ...to, "--steps", steps, ...batches);
  console.log(`\nfine-tuning, ${steps} steps of 4 x 128 tokens, loading and saving included:`);
  console.log(`${seconds.toFixed(0)} s, ${peakMb.toFixed(0)} MB at the peak`);
}

async function writeInTurns() {
  const sizes = { layers: 12, hidden: 768, heads: 12, vocab: 50257, length, threads: 2 };
  const ours = (model) => nodeCommand("tfjs/writing.mjs", { folder: model, length });
  const commands = {
    "autoregression, one token a forward": ours(gpt2),
    "the same in PyTorch": torchCommand("gpt2.py", sizes),
    "diffusion, 10 forwards": ours(tuned),
  };
  const programs = new Map();
  for (const [name, command] of Object.entries(commands)) programs.set(name, await startProgram(...command));
  await askInTurns(programs, { seed: 0 }, 2); // the first ones compile
  const samples = await askInTurns(programs, { seed: 1 }, Number(option("--rounds", 7)));
  printTable(`writing ${length} tokens, RoBERTa-base beside GPT-2`, samples);
  for (const program of programs.values()) program?.stop();
}

function textdiffusion(...args) {
  const bin = fileURLToPath(new URL("../packages/cli/dist/bin.js", import.meta.url));
  return run(process.execPath, ["--import", "./report-memory.mjs", bin, ...args]);
}

function run(command, args) {
  const startedAt = performance.now();
  const { status, stderr } = spawnSync(command, args, { cwd: here, encoding: "utf8", maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`${args.join(" ")}\n${stderr}`);
  const peakKb = Number(stderr.match(/^peak memory (\d+) kB$/m)?.[1]);
  return { seconds: (performance.now() - startedAt) / 1000, peakMb: peakKb / 1024 };
}
