import type { EncoderConfig } from "../config/encoder-config.js";
import { encodeEncoderConfig } from "../config/hugging-face-config.js";
import { makeFolder, pathIn, replaceTextFile } from "./file-system.js";

/**
 * Writes the `config.json` of a model.
 *
 * @param folder - made if it is not there
 * @param additions - keys for other readers of the folder
 * @throws DiffusionError `FILE_NOT_WRITABLE`
 */
export async function saveConfig(
  config: EncoderConfig,
  folder: string,
  additions: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  await makeFolder(folder);
  const json = { ...encodeEncoderConfig(config), ...additions };
  await replaceTextFile(pathIn(folder, "config.json"), `${JSON.stringify(json, null, 2)}\n`);
}
