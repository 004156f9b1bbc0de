// Texts of a model of either kind, one for each line of input: {"seed": 1}. An autoregressive one writes a token a forward,
// another in 10. node bench/tfjs/writing.mjs '{"folder": "gpt2", "length": 256}'. Answers with lines of JSON.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadAutoregression, loadTextDiffusion } from "textdiffusion";
import { answerInTurns } from "../in-turns.mjs";

const { folder, length } = JSON.parse(process.argv[2]);
const { model_type } = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
const temperature = 0.7;
const model =
  model_type === "gpt2"
    ? await loadAutoregression({ folder, temperature })
    : await loadTextDiffusion({ folder, sampler: { name: "confidence", steps: 10, temperature } });

await answerInTurns(async ({ seed }) => {
  await model.generate({ prompts: [""], length, seed });
});
await model.dispose();
