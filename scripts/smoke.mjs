// The built packages on this line of Node: train a tiny model, save it, load it, write with it, on every backend here.
// Run by smoke-node-versions.mjs on several lines; exits with 1 when a package does not work on one of them.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadTextDiffusion, trainTextDiffusion } from "textdiffusion";

const folder = mkdtempSync(join(tmpdir(), "textdiffusion-smoke-"));
try {
  const data = join(folder, "text.txt");
  writeFileSync(data, "Round and round the ragged rock the ragged rascal ran. ".repeat(60));
  const first = [];
  for (const backend of ["onnx", "wasm", "cpu"]) {
    const out = join(folder, backend);
    await trainTextDiffusion({
      out,
      backend,
      data: { file: data, rowLength: 32 },
      model: { layers: 1, hidden: 16, heads: 2 },
      training: { steps: 3, batchSize: 2 },
    });
    const model = await loadTextDiffusion({
      folder: out,
      backend,
      sampler: { name: "confidence", steps: 4 },
    });
    const { texts, forwards } = await model.generate({ prompts: ["Round "], seed: 1 });
    await model.dispose();
    assert.equal(forwards, 4);
    assert.ok(texts[0].startsWith("Round "), texts[0]);
    first.push(texts[0]);
  }
  console.log(
    `Node ${process.version}: trained, saved, loaded and wrote on onnx, wasm and cpu: ${JSON.stringify(first[0])}`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
