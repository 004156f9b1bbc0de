import { notFound, parseJson, pathIn, readTextIfPresent } from "../files/file-system.js";
import { decodeGpt2Config, type Gpt2Config } from "./gpt2-config.js";

/**
 * What a GPT-2's folder says of its sizes, without its weights.
 *
 * @throws DiffusionError `FILE_NOT_FOUND`, `UNSUPPORTED` for another kind of model, `MODEL_INVALID`
 */
export async function readGpt2Config(folder: string): Promise<Gpt2Config> {
  const configPath = pathIn(folder, "config.json");
  const text = await readTextIfPresent(configPath);
  if (text === undefined) throw notFound(configPath, "Name the folder of a Hugging Face model");
  return decodeGpt2Config(parseJson(text, configPath), configPath);
}
