import { defineTokenizer } from "@textdiffusion/core";
import { z } from "zod";
import { byteLevelTokenizer } from "./byte-level-tokenizer.js";
import { loadTokenizer } from "./tokenizer-folder.js";

/** `huggingface` for configs. */
export const huggingface = defineTokenizer({
  name: "huggingface",
  description: "The tokenizer of a Hugging Face model folder (tokenizer.json).",
  options: z.strictObject({
    /** The model folder. */
    folder: z.string().min(1),
  }),
  create: ({ folder }) => loadTokenizer(folder),
});

/** `byte-level` for configs. */
export const byteLevel = defineTokenizer({
  name: "byte-level",
  description: "One token a byte of UTF-8: 256 bytes and 5 special tokens, no training.",
  options: z.strictObject({
    /** What Python's tokenizer truncates to. Default none. */
    maxLength: z.int().min(1).optional(),
  }),
  create: (options) => byteLevelTokenizer(options),
});
