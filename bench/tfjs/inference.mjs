// Forward passes of a RoBERTa encoder, one for each line of input, with so many masked positions: {"masked": 24}.
// node bench/tfjs/inference.mjs '{"backend": "onnx", ...}'. Answers with lines of JSON.
import * as tf from "@tensorflow/tfjs-core";
import { Random } from "@textdiffusion/core";
import { answerInTurns } from "../in-turns.mjs";
import { startModel } from "./start-model.mjs";

const { options, onnx, model } = await startModel();
const { batch, seq, vocab } = options;
if (options.freeze) await onnx.freeze(model.parameters.values(), { dtype: options.freeze });
const random = Random.fromSeed(2);
const attentionMask = new Uint8Array(batch * seq).fill(1);

await answerInTurns(async ({ masked }, step) => {
  const ids = Int32Array.from({ length: batch * seq }, (_, place) => random.integer(vocab, step, place));
  const positions = Int32Array.from({ length: masked }, (_, position) => position);
  const logits = model.logits({ batch, seq, ids, attentionMask, positions });
  await logits.data();
  logits.dispose();
});
if (onnx) tf.removeBackend("onnx"); // writes the profiles, where they were asked for
