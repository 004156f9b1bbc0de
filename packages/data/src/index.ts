export { type CollatorPresetName, collatorPresets } from "./collators/collator-presets.js";
export { type CollatorParts, composeCollator, type NoiseWarmup } from "./collators/compose-collator.js";
export type { CutPolicy } from "./collators/cut-rows.js";
export { type Draw, type DrawName, drawNames, draws } from "./collators/draws.js";
export { type GridCollatorOptions, grid, gridCollator } from "./collators/grid-collator.js";
export { type RowPolicies, rowPolicies } from "./collators/lay-rows.js";
export {
  countLevels,
  fixedLevel,
  gridLevels,
  type LevelRule,
  type NoiseLevel,
  raisedLevels,
  type TimeLevelOptions,
  timeLevels,
} from "./collators/levels.js";
export {
  type LossReduction,
  type LossReductionName,
  type LossTerms,
  type LossUnit,
  type LossWeightName,
  lossReductionNames,
  lossReductions,
  type NoisedRows,
  weighLoss,
} from "./collators/loss-reductions.js";
export type { MaskingOptions } from "./collators/masking-options.js";
export { type PaddingPolicy, paddingPolicies } from "./collators/padding-policy.js";
export type { PrefixPolicy } from "./collators/prefix-policy.js";
export type { ReplacementName } from "./collators/replacements.js";
export {
  type StratifiedCollatorOptions,
  stratified,
  stratifiedCollator,
} from "./collators/stratified-collator.js";
export { type ValidationOptions, validationBatches } from "./collators/validation-batches.js";
export { dataPlugin } from "./data-plugin.js";
export { type DataFile, dataFiles } from "./sources/data-files.js";
export { jsonLinesSource } from "./sources/json-lines-source.js";
export { parquetSource } from "./sources/parquet-source.js";
export { recordOptions } from "./sources/records.js";
export { textSource } from "./sources/text-source.js";
export { countTokens } from "./text/count-tokens.js";
export { type DocumentUnit, documentUnits } from "./text/document-splitter.js";
export { encodeDocuments, splitDocuments } from "./text/documents.js";
export { type EpochRows, epochRows } from "./text/epoch-rows.js";
export { packedRows, packRows, splitTail } from "./text/pack-rows.js";
export { type PromptPair, pairsFromJsonLines, rowsFromPairs } from "./text/pair-rows.js";
export { readText } from "./text/read-text.js";
export { createRowOrder, type RowOrder } from "./text/row-order.js";
export { type RowsFromTextOptions, rowsFromText } from "./text/rows-from-text.js";
export { shiftedRows } from "./text/shifted-rows.js";
export { type StreamedRows, type StreamedRowsOptions, streamRows } from "./text/streamed-rows.js";
export { type TokenBuffer, tokenBuffer } from "./text/token-buffer.js";
export { partOf, type TokenSequence } from "./text/token-sequence.js";
export {
  type ByteLevelTokenizerOptions,
  byteLevelTokenizer,
  byteLevelTokenizerConfig,
  byteLevelTokenizerJson,
} from "./tokenizers/byte-level-tokenizer.js";
export { type FileTokenizer, tokenizerFromFiles, tokenizerFromJson } from "./tokenizers/file-tokenizer.js";
export { byteLevel, huggingface } from "./tokenizers/tokenizer-definitions.js";
export type { TokenizerFiles } from "./tokenizers/tokenizer-files.js";
export { loadTokenizer, readTokenizerFiles, saveTokenizer } from "./tokenizers/tokenizer-folder.js";
export {
  type TrainedTokenizer,
  type TrainTokenizerOptions,
  trainTokenizer,
} from "./tokenizers/training/train-tokenizer.js";
export { withMaskToken } from "./tokenizers/with-mask-token.js";
