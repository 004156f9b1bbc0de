export { dataPlugin } from "./data-plugin.js";
export { type DocumentUnit, documentUnits, encodeDocuments, splitDocuments } from "./text/documents.js";
export { packRows, splitTail } from "./text/pack-rows.js";
export { readText } from "./text/read-text.js";
export { createRowOrder, type RowOrder } from "./text/row-order.js";
export { type RowsFromTextOptions, rowsFromText } from "./text/rows-from-text.js";
export {
  type ByteLevelTokenizerOptions,
  byteLevelTokenizer,
  byteLevelTokenizerConfig,
  byteLevelTokenizerJson,
} from "./tokenizers/byte-level-tokenizer.js";
export { type FileTokenizer, tokenizerFromFiles, tokenizerFromJson } from "./tokenizers/file-tokenizer.js";
export { byteLevel, huggingface } from "./tokenizers/tokenizer-definitions.js";
export type { TokenizerFiles } from "./tokenizers/tokenizer-files.js";
export { loadTokenizer, saveTokenizer } from "./tokenizers/tokenizer-folder.js";
