// One text by name, one by value.
import { loadTextDiffusion } from "textdiffusion";
import plugin, { spreadSampler } from "textdiffusion-plugin-spread";

const named = { name: "spread", steps: 6, distance: 3 };
const texts = [];
let settings;
for (const choice of [
  { plugins: [plugin], sampler: named },
  { sampler: spreadSampler({ steps: 6, distance: 3 }) },
]) {
  const model = await loadTextDiffusion({ folder: "my-model", ...choice });
  texts.push(...(await model.generate({ prompts: ["The fox"], seed: 7 })).texts);
  settings ??= model.settings.sampler;
  await model.dispose();
}
console.log(JSON.stringify({ texts, settings }));
