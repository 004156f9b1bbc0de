/*
 * What a model folder says of itself, without tensors: an entry of its own, so that whoever reads only this needs none of the
 * types of TensorFlow.js, which do not compile where libraries are checked.
 */
export type { Activation, ArchitectureName, EncoderConfig } from "./config/encoder-config.js";
export { decodeEncoderConfig, encodeEncoderConfig } from "./config/hugging-face-config.js";
export {
  decodeModelRecord,
  encodeModelRecord,
  type ModelRecord,
  readModelRecord,
  writeModelRecord,
} from "./files/model-record.js";
export { saveConfig } from "./files/save-config.js";
export type { Gpt2Config } from "./gpt2/gpt2-config.js";
export { readGpt2Config } from "./gpt2/read-gpt2-config.js";
