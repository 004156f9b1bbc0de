import { hasSteps, type Settings } from "./settings.js";

/** The sampler of the settings, as configs name it. */
export function samplerOf({ sampler: name, steps, temperature }: Settings) {
  return { name, ...(hasSteps(name) && { steps }), temperature };
}

/** A program for Node that writes the same text. */
export function codeSample(settings: Settings): string {
  const { prompt, length, seed } = settings;
  return `import { loadTextDiffusion } from "textdiffusion";
import { tinyModelFolder } from "@textdiffusion/tiny-model";

const model = await loadTextDiffusion({
  folder: tinyModelFolder,
  sampler: ${JSON.stringify(samplerOf(settings))},
});
const { texts } = await model.generate({ prompts: [${JSON.stringify(prompt)}], length: ${length}, seed: ${seed} });
console.log(texts[0]);
await model.dispose();
`;
}
