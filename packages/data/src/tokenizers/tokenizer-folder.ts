import { DiffusionError, type Tokenizer } from "@textdiffusion/core";
import { utf8Text } from "../text/utf8.js";
import { type FileTokenizer, tokenizerFromFiles } from "./file-tokenizer.js";
import { invalidTokenizer, type TokenizerFiles, tokenizerFileNames } from "./tokenizer-files.js";

/**
 * Opens the tokenizer of a Hugging Face model folder: `tokenizer.json` and, where there are any,
 * `tokenizer_config.json` and `special_tokens_map.json`. Node only; elsewhere fetch the files and use
 * `tokenizerFromFiles`.
 *
 * @throws DiffusionError `FILE_NOT_FOUND` without a readable `tokenizer.json`, `MODEL_INVALID` for broken files
 */
export async function loadTokenizer(folder: string): Promise<FileTokenizer> {
  return tokenizerFromFiles(await readTokenizerFiles(folder), folder);
}

/** The texts of a folder's tokenizer, unparsed. Node only. @throws DiffusionError as `loadTokenizer` */
export async function readTokenizerFiles(folder: string): Promise<TokenizerFiles> {
  // Imported here, so that the package itself loads in a browser.
  const [{ readFile }, { join }] = await Promise.all([import("node:fs/promises"), import("node:path")]);
  const files: Partial<Record<keyof TokenizerFiles, string>> = {};
  for (const name of tokenizerFileNames) {
    try {
      files[name] = utf8Text(await readFile(join(folder, name)), (offset) =>
        invalidTokenizer(join(folder, name), `UTF-8, got a byte that is not at offset ${offset}`),
      );
    } catch (cause) {
      if (DiffusionError.is(cause)) throw cause;
      const absent = (cause as NodeJS.ErrnoException).code === "ENOENT";
      if (absent && name !== "tokenizer.json") continue;
      throw new DiffusionError({
        code: "FILE_NOT_FOUND",
        component: "data/tokenizer",
        problem: `expected a readable file ${join(folder, name)}, got ${absent ? "none" : String(cause)}`,
        remedy: "Name the folder of a model saved with its fast tokenizer",
        details: { folder, name },
        cause,
      });
    }
  }
  return files as TokenizerFiles;
}

/**
 * Writes the tokenizer's files into a folder, as they were loaded, byte for byte. The folder is made when there is none.
 * Node only.
 *
 * @throws DiffusionError `UNSUPPORTED` for a tokenizer that was not made from files, `FILE_NOT_WRITABLE`
 */
export async function saveTokenizer(tokenizer: Tokenizer, folder: string): Promise<void> {
  if (!isFileTokenizer(tokenizer)) {
    throw new DiffusionError({
      code: "UNSUPPORTED",
      component: "data/tokenizer",
      problem: "expected a tokenizer that was made from files, got one without any",
      remedy: "Make it with loadTokenizer, tokenizerFromFiles, tokenizerFromJson or byteLevelTokenizer",
    });
  }
  const [{ mkdir, rename, writeFile }, { join }] = await Promise.all([
    import("node:fs/promises"),
    import("node:path"),
  ]);
  try {
    await mkdir(folder, { recursive: true });
    for (const name of tokenizerFileNames) {
      const text = tokenizer.files[name];
      if (text === undefined) continue;
      // Whole or not at all: a torn tokenizer.json would be taken for this one.
      const temporary = join(folder, `.${name}.${process.pid}`);
      await writeFile(temporary, text);
      await rename(temporary, join(folder, name));
    }
  } catch (cause) {
    throw new DiffusionError({
      code: "FILE_NOT_WRITABLE",
      component: "data/tokenizer",
      problem: `expected to write the tokenizer into ${folder}, got ${String(cause)}`,
      remedy: "Choose a folder that can be written",
      cause,
    });
  }
}

// --- internal ---

function isFileTokenizer(tokenizer: Tokenizer): tokenizer is FileTokenizer {
  const { files } = tokenizer as Partial<FileTokenizer>;
  return typeof files?.["tokenizer.json"] === "string";
}
