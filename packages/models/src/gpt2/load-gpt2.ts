import { filesOfFolder } from "../files/folder-files.js";
import { assertSame } from "../files/load-model.js";
import { openTensorFiles } from "../files/tensor-files.js";
import { type CausalLanguageModel, gpt2Model } from "./gpt2-model.js";
import { planGpt2 } from "./gpt2-parameters.js";
import { readGpt2Config } from "./read-gpt2-config.js";

/**
 * Loads a GPT-2 from a Hugging Face folder (`config.json` and `model.safetensors`, or shards) onto the current tfjs backend.
 * Nothing in the folder is executed; one tensor is read at a time.
 *
 * @param folder - path of a folder on this machine
 * @returns the model, float32 whatever the file holds; `dispose()` frees every weight
 * @throws DiffusionError `FILE_NOT_FOUND` for missing files; `UNSUPPORTED` for another kind of model; `MODEL_INVALID`
 * for damaged files and for missing, unknown or misshapen tensors; `NOT_A_NUMBER` for NaN or infinite weights
 */
export async function loadGpt2(folder: string): Promise<CausalLanguageModel> {
  const config = await readGpt2Config(folder);
  const files = await openTensorFiles(filesOfFolder(folder), folder);
  try {
    const { sources, copies } = planGpt2(config, files.entries, folder);
    for (const [copy, weight] of copies) await assertSame(files, copy, sources.get(weight) as string, folder);
    return await gpt2Model(config, (name) => files.read(sources.get(name) as string));
  } finally {
    await files.close();
  }
}
