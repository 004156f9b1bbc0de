import * as tf from "@tensorflow/tfjs-core";
import type { Architecture } from "../encoder/architecture.js";

/**
 * BERT: Devlin et al. 2018, arXiv:1810.04805, as transformers' `BertForMaskedLM` computes it. Positions count from 0,
 * padding included.
 */
export const bert: Architecture = {
  name: "bert",
  prefix: "bert.",
  head: {
    dense: "cls.predictions.transform.dense",
    norm: "cls.predictions.transform.LayerNorm",
    bias: "cls.predictions.bias",
    decoder: "cls.predictions.decoder",
  },
  maxLength: ({ positions }) => positions,
  positionIds: (ids) => tf.cumsum(tf.onesLike(ids), 1, true), // exclusive: 0, 1, 2, ...
  headActivation: ({ activation }) => activation,
};
