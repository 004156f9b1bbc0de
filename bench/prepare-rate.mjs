/**
 * How many tokens `prepareTokens` encodes in a second, from JSON Lines to files of tokens, by tokenizer and number of threads.
 *
 *   node bench/prepare-rate.mjs TEXT [MEGABYTES]
 */

import { once } from "node:events";
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepareTokens, saveTokenizer, tokenizerFromFiles, trainTokenizer } from "textdiffusion";

const [textFile, megabytes = "50"] = process.argv.slice(2);
if (textFile === undefined) throw new Error("expected a file of text, got none");
const repeats = 3;
const folder = mkdtempSync(join(tmpdir(), "textdiffusion-bench-"));

try {
  const paragraphs = readFileSync(textFile, "utf8")
    .split(/\n+/)
    .filter((text) => text.trim() !== "");
  const file = join(folder, "some.jsonl");
  const out = createWriteStream(file);
  for (let bytes = 0, index = 0; bytes < Number(megabytes) * 1e6; index++) {
    const line = `${JSON.stringify({ id: index, text: paragraphs[index % paragraphs.length] })}\n`;
    bytes += Buffer.byteLength(line);
    if (!out.write(line)) await once(out, "drain");
  }
  out.end();
  await once(out, "finish");
  const { files } = await trainTokenizer(paragraphs, { vocabularySize: 8192 });
  await saveTokenizer(tokenizerFromFiles(files), join(folder, "bpe"));

  for (const [name, model] of [
    ["bytes", {}],
    ["BPE of 8,192", { tokenizer: join(folder, "bpe") }],
  ]) {
    for (const workers of [0, 1, 2]) {
      const rates = [];
      for (let repeat = 0; repeat < repeats; repeat++) {
        const tokens = join(folder, "tokens");
        const begin = performance.now();
        const prepared = await prepareTokens({ data: { file }, model, workers, out: tokens });
        rates.push(prepared.tokens.train / (performance.now() - begin) / 1000);
        rmSync(tokens, { recursive: true });
      }
      rates.sort((a, b) => a - b);
      const [low, median, high] = rates.map((rate) => rate.toFixed(2));
      console.log(`${name}, ${workers} workers: ${median} million tokens/s (${low} to ${high})`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
