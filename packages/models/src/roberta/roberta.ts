import * as tf from "@tensorflow/tfjs-core";
import type { Architecture } from "../encoder/architecture.js";

/**
 * RoBERTa: Liu et al. 2019, arXiv:1907.11692, as transformers' `RobertaForMaskedLM` computes it.
 *
 * Positions count the tokens that are not padding and begin after the pad id, a habit of fairseq: the first token has
 * position `padId + 1`, and padding has `padId`. The head uses exact GELU whatever the config's activation is.
 */
export const roberta: Architecture = {
  name: "roberta",
  prefix: "roberta.",
  head: {
    dense: "lm_head.dense",
    norm: "lm_head.layer_norm",
    bias: "lm_head.bias",
    decoder: "lm_head.decoder",
  },
  maxLength: ({ positions, padId }) => positions - padId - 1,
  positionIds(ids, { padId }) {
    const pad = tf.scalar(padId, "int32");
    const isText = tf.cast(tf.notEqual(ids, pad), "int32");
    return tf.add(tf.mul(tf.cumsum(isText, 1), isText), pad);
  },
  headActivation: () => "gelu",
};
