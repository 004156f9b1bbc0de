import type { ModelInfo } from "./models/own-model.js";
import { hasSteps, type SamplerSettings, type Settings } from "./settings.js";

/** The sampler of the settings, as configs name it. */
export function samplerOf({ sampler: name, steps, temperature, block }: SamplerSettings) {
  const sampler = { name, ...(hasSteps(name) && { steps }), temperature };
  return block === 0 ? sampler : { name: "blocks", size: block, sampler };
}

/**
 * A program for Node that writes the same text, or both.
 *
 * @param model - default the one that ships
 */
export function codeSample(settings: Settings, model?: ModelInfo): string {
  const { prompt, length, seed, schedule, second } = settings;
  const { imported, folder } = folderOf(model);
  const noise = schedule === "own" ? "" : `\n  schedule: ${JSON.stringify(schedule)},`;
  const request = `{ prompts: [${JSON.stringify(prompt)}], length: ${length}, seed: ${seed} }`;
  const [sampler, other] = [settings, second].map((each) => each && JSON.stringify(samplerOf(each)));
  const begin = `import { loadTextDiffusion } from "textdiffusion";
${imported}
`;
  const write = (chosen: string) => `const model = await loadTextDiffusion({
  ${folder},${noise}
  ${chosen},
});
const { texts } = await model.generate(${request});
console.log(texts[0]);
await model.dispose();
`;
  if (other === undefined) return `${begin}${write(`sampler: ${sampler}`)}`;
  const indented = write("sampler").replace(/^(?=.)/gm, "  ");
  return `${begin}const samplers = [
  ${sampler},
  ${other},
];
for (const sampler of samplers) {
${indented}}
`;
}

// --- internal ---

function folderOf(model: ModelInfo | undefined): { readonly imported: string; readonly folder: string } {
  if (model?.origin === "files") return { imported: "", folder: `folder: ${JSON.stringify(model.name)}` };
  if (model?.origin !== "hub") {
    return {
      imported: 'import { tinyModelFolder } from "@textdiffusion/tiny-model";\n',
      folder: "folder: tinyModelFolder",
    };
  }
  const [name, revision] = [model.name, model.revision].map((text) => JSON.stringify(text));
  return {
    imported: `import { pullModel } from "@textdiffusion/hub";\n\nconst { folder } = await pullModel(${name}, { revision: ${revision} });`,
    folder: "folder",
  };
}
