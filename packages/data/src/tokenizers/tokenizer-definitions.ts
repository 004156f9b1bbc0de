import { defineTokenizer } from "@textdiffusion/core";
import { z } from "zod";
import { byteLevelTokenizer } from "./byte-level-tokenizer.js";
import { loadTokenizer } from "./tokenizer-folder.js";

const folderOptions = z.strictObject({ folder: z.string().min(1).describe("the model folder") });

const byteLevelOptions = z.strictObject({
  maxLength: z
    .int()
    .min(1)
    .optional()
    .describe("tokens that the model reads, for Python's tokenizers to cut at; default none"),
});

/** Options of `huggingface`. */
export type HuggingfaceTokenizerOptions = z.input<typeof folderOptions>;

/** `huggingface` for configs. */
export const huggingface = defineTokenizer({
  name: "huggingface",
  description: "The tokenizer of a Hugging Face model folder (tokenizer.json).",
  exceptions: [
    { law: "options-decode-from-nothing", reason: "there is no folder but the one that is named" },
  ],
  options: folderOptions,
  create: ({ folder }) => loadTokenizer(folder),
});

/** `byte-level` for configs. */
export const byteLevel = defineTokenizer({
  name: "byte-level",
  description: "One token a byte of UTF-8: 256 bytes and 5 special tokens, no training.",
  options: byteLevelOptions,
  create: (options) => byteLevelTokenizer(options),
});
