/**
 * Saves models that were made and loaded here, with the logits that they give, for an independent reader:
 *
 *     npm run build
 *     node scripts/golden/save_models.mjs FOLDER
 *     python3 scripts/golden/masked_language_models.py check FOLDER/*
 */
import { writeFileSync } from "node:fs";
import { startBackend } from "@textdiffusion/backend-node";
import { Random } from "@textdiffusion/core";
import { createModel, loadModel, saveModel } from "@textdiffusion/models";

const folder = process.argv[2];
if (!folder)
  throw new Error("expected a folder to write to, got none: node scripts/golden/save_models.mjs FOLDER");
const golden = new URL("./masked-language-models/", import.meta.url).pathname;
const sizes = { layers: 3, hidden: 48, heads: 6, vocabularySize: 300, maxLength: 24 };
const backend = await startBackend("wasm");
const models = {
  "fresh-roberta": await createModel({ architecture: "roberta", ...sizes }, Random.fromSeed(11)),
  "fresh-bert": await createModel({ architecture: "bert", ...sizes }, Random.fromSeed(12)),
};
for (const name of ["roberta", "bert", "roberta-untied", "bert-tanh"]) {
  models[`again-${name}`] = await loadModel(`${golden}${name}`);
}
for (const [name, model] of Object.entries(models)) {
  for (const dtype of ["float32", "float16"]) {
    const to = `${folder}/${name}-${dtype}`;
    await saveModel(model, to, { dtype });
    const saved = await loadModel(to); // float16 rounds: the logits must be those of the rounded weights
    const [batch, seq, random] = [3, 10, Random.fromSeed(5)];
    const ids = Int32Array.from(
      { length: batch * seq },
      (_, index) => 3 + random.integer(saved.vocabularySize - 3, index),
    );
    const attentionMask = new Uint8Array(ids.length).fill(1);
    ids.fill(saved.config.padId, 17, 20);
    attentionMask.fill(0, 17, 20);
    attentionMask[24] = 0;
    const positions = Int32Array.from([0, 3, 9, 10, 16, 22, 29]);
    const logits = saved.logits({ batch, seq, ids, attentionMask, positions });
    const lists = { ids, attentionMask, positions, logits: await logits.data() };
    const entries = Object.entries(lists).map(([key, array]) => [key, Array.from(array)]);
    writeFileSync(`${to}/logits.json`, JSON.stringify({ batch, seq, ...Object.fromEntries(entries) }));
    saved.dispose();
  }
}
await backend.dispose();
