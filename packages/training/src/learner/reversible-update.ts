import * as tf from "@tensorflow/tfjs-core";

/** New values of variables that can be taken back. Call `keep` or `undo`, once: until then the values of before take memory. */
export interface ReversibleUpdate {
  /** Gives a variable another value; what it had is remembered. */
  replace(variable: tf.Variable, value: tf.Tensor): void;
  /** Lets the values of before go. */
  keep(): void;
  /** Puts them back, bit for bit. */
  undo(): void;
}

/** @param onUndo - takes back what is no variable */
export function reversibleUpdate(onUndo: () => void): ReversibleUpdate {
  const before: (readonly [tf.Variable, tf.Tensor])[] = [];
  const keep = (): void => {
    for (const [, value] of before.splice(0)) value.dispose();
  };
  return {
    replace: (variable, value) => {
      // `clone` shares the values, so that the variable can let go of them.
      before.push([variable, tf.keep(tf.clone(variable))]);
      variable.assign(value);
    },
    keep,
    undo: () => {
      for (const [variable, value] of before) variable.assign(value);
      onUndo();
      keep();
    },
  };
}
