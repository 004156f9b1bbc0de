import { API_VERSION, definePlugin } from "@textdiffusion/core";
import { type CollatorPresetName, presetCollators } from "./collators/collator-presets.js";
import { type GridCollatorOptions, grid } from "./collators/grid-collator.js";
import type { MaskingOptions } from "./collators/masking-options.js";
import { type StratifiedCollatorOptions, stratified } from "./collators/stratified-collator.js";
import { type JsonLinesSourceOptions, jsonLinesSource } from "./sources/json-lines-source.js";
import { type ParquetSourceOptions, parquetSource } from "./sources/parquet-source.js";
import { type TextSourceOptions, textSource } from "./sources/text-source.js";
import type { ByteLevelTokenizerOptions } from "./tokenizers/byte-level-tokenizer.js";
import {
  byteLevel,
  type HuggingfaceTokenizerOptions,
  huggingface,
} from "./tokenizers/tokenizer-definitions.js";

declare module "@textdiffusion/core" {
  interface KnownCollators extends Record<CollatorPresetName, MaskingOptions> {
    grid: GridCollatorOptions;
    stratified: StratifiedCollatorOptions;
  }
  interface KnownSources {
    "json-lines": JsonLinesSourceOptions;
    parquet: ParquetSourceOptions;
    text: TextSourceOptions;
  }
  interface KnownTokenizers {
    "byte-level": ByteLevelTokenizerOptions;
    huggingface: HuggingfaceTokenizerOptions;
  }
}

/** Every tokenizer, collator and source of this package, for `plugins`. */
export const dataPlugin = definePlugin({
  name: "@textdiffusion/data",
  apiVersion: API_VERSION,
  collators: [stratified, grid, ...presetCollators],
  sources: [textSource, jsonLinesSource, parquetSource],
  tokenizers: [huggingface, byteLevel],
});
