import { API_VERSION, definePlugin } from "@textdiffusion/core";
import { byteLevel, huggingface } from "./tokenizers/tokenizer-definitions.js";

/** Every tokenizer and collator of this package, for `plugins`. */
export const dataPlugin = definePlugin({
  name: "@textdiffusion/data",
  apiVersion: API_VERSION,
  tokenizers: [huggingface, byteLevel],
});
