// Writes docs/commands.md: the commands as a new user runs them, and what each printed, errors too. After a build:
//
//   node scripts/write-command-outputs.mjs
//
// In place of the Hub there is one on this machine, with the same routes, which serves the model that ships.
import { spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { parquetWriteBuffer } from "hyparquet-writer";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "textdiffusion-commands-"));
const work = join(folder, "work");
const bin = join(folder, "bin");

/** Title, what is said of it, and its commands; one that is interrupted gets Ctrl-C when it has printed what `stop` finds. */
const chapters = [
  {
    title: "A model of a text of yours",
    commands: [
      "textdiffusion init --data fables.txt",
      {
        run: "textdiffusion train --layers 2 --hidden 64 --heads 2 --row-length 64 --steps 300 --save-every 100 --samples-every 100 --out fables",
        stop: /saved step 100/,
      },
      "textdiffusion train --layers 2 --hidden 64 --heads 2 --row-length 64 --steps 300 --save-every 100 --samples-every 100 --out fables --resume",
      'textdiffusion generate --model fables --prompt "The fox" --sampler confidence --steps 12 --seed 3 --trace fox.jsonl --picture fox.gif',
      "textdiffusion replay fox.jsonl --verify",
      'textdiffusion fork fox.jsonl --at 6 --lock "0:12=cat" --out cat.jsonl',
      "textdiffusion eval --model fables --data fables.txt --samples 4 --picture eval.svg",
      "textdiffusion report fables --out report.html",
      "textdiffusion export --model fables --out fables-onnx",
      "rm textdiffusion.config.ts",
    ],
  },
  {
    title: "Data of other kinds",
    commands: [
      `mkdir corpus && gzip -c fables.txt > corpus/one.txt.gz && cp fables.txt corpus/two.txt`,
      "textdiffusion train --data corpus --steps 2 --layers 1 --hidden 32 --heads 2 --out of-a-folder",
      `textdiffusion train --data "records/*.jsonl" --steps 2 --layers 1 --hidden 32 --heads 2 --out of-records`,
      "textdiffusion train --data waves.parquet --streaming --steps 2 --layers 1 --hidden 32 --heads 2 --out of-a-stream",
      "cat fables.txt | textdiffusion train --data - --steps 2 --layers 1 --hidden 32 --heads 2 --out of-standard-input",
      "textdiffusion train --data sums.jsonl --format pairs --steps 2 --layers 1 --hidden 32 --heads 2 --row-length 32 --out of-pairs",
      "textdiffusion train-tokenizer --data fables.txt --vocab-size 512 --out tokenizer",
      "textdiffusion prepare --data corpus --tokenizer tokenizer --out tokens",
      "textdiffusion train --data tokens --tokenizer tokenizer --steps 2 --layers 1 --hidden 32 --heads 2 --out of-tokens",
    ],
  },
  {
    title: "From the Hub",
    about:
      "This Hub stands on the machine that ran the commands, and serves the model that ships under a name of its own; `HF_ENDPOINT` says where.",
    commands: [
      "textdiffusion pull some-body/tiny-sea",
      "textdiffusion pull some-body/tiny-sea",
      'HF_HUB_OFFLINE=1 textdiffusion generate --model some-body/tiny-sea --prompt "ROMEO:" --length 48 --seed 2',
      "textdiffusion train --dataset some-body/waves --model some-body/tiny-sea --steps 2 --row-length 64 --out fine-tuned",
      "textdiffusion pull some-body/none",
    ],
  },
  {
    title: "Beside autoregression",
    about:
      "The GPT-2 has random weights, so what it writes is noise; its speed is that of any GPT-2 of its size.",
    commands: [
      'textdiffusion compare --model tiny --beside gpt2 --prompt "ROMEO:" --length 64 --steps 10 --seed 5 --picture race.html',
    ],
  },
  {
    title: "What is refused",
    about: "Exit code 2, before anything is written.",
    commands: [
      "head -c 2000 corpus/one.txt.gz > torn.txt.gz",
      "textdiffusion train --data torn.txt.gz --out none",
      `printf '{"text": "whole"}\\n{"text": "ha' > half.jsonl`,
      "textdiffusion train --data half.jsonl --out none",
      "textdiffusion train --data numbers.parquet --out none",
      `printf 'caf\\351' > latin-1.txt`,
      "textdiffusion train --data latin-1.txt --out none",
      ": > empty.txt",
      "textdiffusion train --data empty.txt --out none",
      "textdiffusion train --data tokens --model new --out none",
      "textdiffusion generate --model fables --sampler confident",
      "textdiffusion train --data fables.txt --out fables",
      "ls -d none",
    ],
  },
];

mkdirSync(work);
mkdirSync(bin);
chmodSync(join(root, "packages/cli/dist/bin.js"), 0o755);
symlinkSync(join(root, "packages/cli/dist/bin.js"), join(bin, "textdiffusion"));
writeInputs();
const hub = await serveShippedModel();
const environment = {
  ...process.env,
  ...{ NO_COLOR: "1", COLUMNS: "120", HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: join(folder, "cache") },
  ...{ PATH: `${bin}:${process.env.PATH}`, HF_TOKEN: "", HF_HUB_OFFLINE: "" },
};
try {
  await run(`textdiffusion train-tokenizer --data fables.txt --vocab-size 300 --out gpt2`);
  const sizes = { vocab_size: 300, n_embd: 320, n_layer: 3, n_head: 10, n_positions: 128 };
  await run(`${process.execPath} ${join(root, "scripts/random-gpt2.mjs")} gpt2 '${JSON.stringify(sizes)}'`);
  const parts = [];
  for (const { title, about, commands } of chapters) {
    const printed = [];
    for (const command of commands) printed.push(await shown(command));
    parts.push(`## ${title}\n\n${about ? `${about}\n\n` : ""}\`\`\`\`\n${printed.join("\n")}\`\`\`\`\n`);
  }
  writeFileSync(join(root, "docs/commands.md"), page(parts));
} finally {
  await hub.close();
  rmSync(folder, { recursive: true, force: true });
}

function page(parts) {
  return `# The commands, run

Written by \`node scripts/write-command-outputs.mjs\`: each command as a new user runs it, in an empty folder with
\`examples/fables/fables.txt\`, and what it printed, not on a terminal (there, bars move and texts grow in place). The models are
trained for seconds, to show the commands; what good ones write is in the README. How fast each step is says little: two
cores, shared.

${parts.join("\n")}`;
}

/** A command after a dollar sign, and what it printed. */
async function shown(command) {
  const { run: line = command, stop } = command;
  const { printed, code } = await run(line, stop);
  const refused = code === 0 ? "" : `[exit code ${code}]\n`;
  console.log(`$ ${line}\n${printed}${refused}`);
  return `$ ${line}\n${withoutPaths(printed)}${stop ? "^C\n" : ""}${refused}`;
}

function withoutPaths(printed) {
  return printed
    .replaceAll(join(folder, "cache"), "~/.cache/huggingface/hub")
    .replaceAll(`${work}/`, "")
    .replaceAll(hub.endpoint, "http://127.0.0.1:8080");
}

function run(line, stop) {
  return new Promise((resolve, reject) => {
    const child = spawn("bash", ["-c", stop ? `exec ${line}` : line], {
      cwd: work,
      env: environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let printed = "";
    const read = (chunk) => {
      printed += chunk;
      if (stop?.test(printed)) child.kill("SIGINT");
    };
    child.stdout.setEncoding("utf8").on("data", read);
    child.stderr.setEncoding("utf8").on("data", read);
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ printed, code: signal === "SIGINT" ? 130 : code }));
  });
}

function writeInputs() {
  copyFileSync(join(root, "examples/fables/fables.txt"), join(work, "fables.txt"));
  const lines = (count, record) =>
    Array.from({ length: count }, (_, index) => `${JSON.stringify(record(index))}\n`).join("");
  mkdirSync(join(work, "records"));
  writeFileSync(
    join(work, "records/a.jsonl"),
    lines(200, (index) => ({ text: `Wave ${index} came in.` })),
  );
  writeFileSync(
    join(work, "records/b.jsonl"),
    lines(200, (index) => ({ text: `Wave ${index} went out.` })),
  );
  writeFileSync(
    join(work, "sums.jsonl"),
    lines(200, (index) => ({ prompt: `${index} + 1 = `, response: `${index + 1}` })),
  );
  writeFileSync(
    join(work, "waves.parquet"),
    parquet("text", 8000, (index) => `Wave ${index} came in.`, "STRING"),
  );
  writeFileSync(
    join(work, "numbers.parquet"),
    parquet("number", 100, (index) => index, "INT32"),
  );
}

function parquet(name, count, value, type) {
  const data = Array.from({ length: count }, (_, index) => value(index));
  return new Uint8Array(parquetWriteBuffer({ columnData: [{ name, data, type }] }));
}

async function serveShippedModel() {
  const bundle = join(folder, "hub-server.mjs");
  const entryPoints = [join(root, "packages/hub/src/fixtures/hub-server.ts")];
  await build({
    entryPoints,
    outfile: bundle,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "error",
  });
  const { serveHub } = await import(pathToFileURL(bundle));
  const model = join(root, "packages/tiny-model/model");
  const main = Object.fromEntries(readdirSync(model).map((name) => [name, readFileSync(join(model, name))]));
  const texts = parquet("text", 2000, (index) => `Wave ${index} came in.`, "STRING");
  return serveHub([
    { type: "model", name: "some-body/tiny-sea", revisions: { main } },
    {
      type: "dataset",
      name: "some-body/waves",
      revisions: { "refs/convert/parquet": { "default/train/0000.parquet": texts } },
    },
  ]);
}
