// What a web page would import: no Node, no tensor library.
import { createPipeline } from "@textdiffusion/core";
import { schedulesPlugin } from "@textdiffusion/schedules";
import { fakeDenoiser, letterTokenizer } from "@textdiffusion/testkit";
import plugin from "textdiffusion-plugin-spread";

export async function write(): Promise<string> {
  const tokenizer = letterTokenizer("abcdef");
  const denoiser = fakeDenoiser({
    vocabularySize: tokenizer.vocabularySize,
    maskTokenId: tokenizer.special.mask,
  });
  const pipeline = await createPipeline({
    plugins: [schedulesPlugin, plugin],
    tokenizer,
    denoiser,
    schedule: "cosine",
    sampler: { name: "spread", steps: 3 },
  });
  const { texts } = await pipeline.generate({ prompts: ["abc"], length: 12, seed: 1 });
  await pipeline.dispose();
  return texts[0];
}
