import type { ModelInfo } from "./models/own-model.js";
import { hasSteps, type Settings } from "./settings.js";

/** The sampler of the settings, as configs name it. */
export function samplerOf({ sampler: name, steps, temperature }: Settings) {
  return { name, ...(hasSteps(name) && { steps }), temperature };
}

/**
 * A program for Node that writes the same text.
 *
 * @param model - default the one that ships
 */
export function codeSample(settings: Settings, model?: ModelInfo): string {
  const { prompt, length, seed } = settings;
  const { imported, folder } = folderOf(model);
  return `import { loadTextDiffusion } from "textdiffusion";
${imported}
const model = await loadTextDiffusion({
  ${folder},
  sampler: ${JSON.stringify(samplerOf(settings))},
});
const { texts } = await model.generate({ prompts: [${JSON.stringify(prompt)}], length: ${length}, seed: ${seed} });
console.log(texts[0]);
await model.dispose();
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
