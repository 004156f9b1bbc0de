import { createPipeline, idsUnknownTo, type KnownChoice } from "@textdiffusion/core";
import { tokenizerFromFiles } from "@textdiffusion/data";
import { maskedLanguageModelDenoiser, modelFromFiles } from "@textdiffusion/models";
import { samplersPlugin } from "@textdiffusion/samplers";
import { schedulesPlugin } from "@textdiffusion/schedules";

/** Where the test's server has the files of the backends. */
export const options = {
  wasmPaths: "/wasm/",
  onnxRuntime: async () => {
    const address = "/onnx/ort.wasm.min.mjs"; // not for the bundler
    return import(address);
  },
};

/** The model that ships, on the backend that was started; the denoiser is the caller's. */
export async function tinyPipeline(sampler: KnownChoice<"sampler">) {
  const read = async (file: string) => (await fetch(`/model/${file}`)).text();
  const tokenizer = tokenizerFromFiles({
    "tokenizer.json": await read("tokenizer.json"),
    "tokenizer_config.json": await read("tokenizer_config.json"),
  });
  const weights = await (await fetch("/model/model.safetensors")).arrayBuffer();
  const model = await modelFromFiles({
    "config.json": await read("config.json"),
    "model.safetensors": new Uint8Array(weights),
  });
  const denoiser = maskedLanguageModelDenoiser(model, {
    maskTokenId: tokenizer.special.mask,
    forbidden: idsUnknownTo(tokenizer, model.vocabularySize),
  });
  const plugins = [samplersPlugin, schedulesPlugin];
  const pipeline = await createPipeline({ plugins, tokenizer, denoiser, schedule: "linear", sampler });
  return { pipeline, denoiser, tokenizer };
}
