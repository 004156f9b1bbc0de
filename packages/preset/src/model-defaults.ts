import { type ModelRecord, readModelRecord } from "@textdiffusion/models/records";

/**
 * How the model of a folder was trained and wants to be run: its `textdiffusion.json`, or the defaults for models that
 * come from elsewhere.
 *
 * @throws DiffusionError `MODEL_INVALID`
 */
export async function modelRecordOf(folder: string): Promise<ModelRecord> {
  // BERT and RoBERTa only know texts between their begin and end tokens.
  return (await readModelRecord(folder)) ?? { ...newModelRecord, frame: true };
}

/** How a new model is trained and run when the config does not say otherwise. */
export const newModelRecord: ModelRecord = {
  formatVersion: 1,
  rowLength: 128,
  frame: false,
  schedule: "linear",
  collator: "stratified",
  // A little heat, so that another seed is another text.
  sampler: { name: "confidence", steps: 64, temperature: 0.7 },
};
