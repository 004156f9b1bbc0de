import * as tf from "@tensorflow/tfjs-core";
import { withGradient } from "./with-gradient.js";

/**
 * Rows of a table: the lookup of embeddings, and the choice of positions that pass the language-model head. The
 * gradient of a row is the sum over everyone who read it.
 *
 * @param table - shape [rows, width]
 * @param indices - int32; shape [n]. The caller has checked them: out of range, some backends throw and others give 0.
 * @returns shape [n, width]. The caller disposes of it; inputs stay alive.
 */
export function gatherRows(table: tf.Tensor2D, indices: tf.Tensor1D): tf.Tensor2D {
  return withGradient<tf.Tensor2D>(
    [table],
    (save) => {
      save([indices]);
      return tf.gather(table, indices);
    },
    (upstream, [indices]) => [tf.unsortedSegmentSum(upstream, indices as tf.Tensor1D, table.shape[0])],
  );
}
