import * as tf from "@tensorflow/tfjs-core";
import {
  DiffusionError,
  type Learner,
  type LearnerReport,
  type LearnerScores,
  type LearnerStep,
  type NoisedBatch,
  type Random,
} from "@textdiffusion/core";
import { type MaskedLanguageModel, sparseCrossEntropy } from "@textdiffusion/ops";
import { createAdamW } from "./adam-w.js";
import { assertFinite, normOf } from "./finite.js";
import { GradientSum } from "./gradient-sum.js";
import { decodeLearnerOptions, type LearnerOptions } from "./learner-options.js";
import { learnerState, restoreLearnerState } from "./learner-state.js";
import { type LossPositions, lossPositions } from "./loss-positions.js";
import { createMovingAverage } from "./moving-average.js";
import { unfrozen } from "./unfrozen.js";

/**
 * A learner from a masked language model: AdamW on the weighted cross entropy at the positions where noise fell.
 *
 * The loss of a step is `sum(lossWeight * crossEntropy) / sum(lossDenominator)` over all its micro-batches, so one
 * batch of 8 rows, 2 of 4 and 4 of 2 give the same gradient, up to rounding. Only positions with a loss weight pass
 * the model's head; their number is padded, see `lossPositions`. A batch's label smoothing is in the loss, not in scores.
 *
 * With the option `ema`, scores are those of the averaged weights, and `withAverage` lets others see them, too.
 *
 * The learner makes and frees the optimizer's moments and the averages. The model stays with who made it: dispose of the learner,
 * then of the model.
 *
 * `step` throws `NOT_A_NUMBER` with every weight and moment as before, bit for bit, and `DATA_INVALID` when every denominator is 0, which says
 * that nothing could have been masked. A step in which noise could have fallen, but did not, has loss 0 and changes
 * nothing.
 *
 * @throws DiffusionError `UNKNOWN_OPTION`, `CONFIG_INVALID` for bad options
 */
export function createLearner(model: MaskedLanguageModel, options: Partial<LearnerOptions> = {}): Learner {
  const { ema, freeze = [], ...adamW } = decodeLearnerOptions(options);
  const learnt = unfrozen(model.parameters, freeze);
  const optimizer = createAdamW(learnt, adamW);
  const average = ema === undefined ? undefined : createMovingAverage(learnt, ema);
  const parameterNames = new Map([...model.parameters].map(([name, variable]) => [variable.name, name]));
  let disposed = false;

  async function step({ batches, random, ...how }: LearnerStep): Promise<LearnerReport> {
    assertAlive();
    const denominator = batches.reduce((sum, batch) => sum + batch.lossDenominator, 0);
    if (!(denominator > 0)) throw noNoise();
    const parts = batches
      .map((batch, index): MicroBatch => {
        const selected = lossPositions(batch, batch.lossWeight, model.vocabularySize);
        return { batch, selected, dropout: random.split(index) };
      })
      .filter(({ selected }) => selected.count > 0);
    if (parts.length === 0) return { lossNats: 0, gradientNorm: 0 };
    const gradients = new GradientSum();
    try {
      // A read between micro-batches: in one run with the others, each would keep its activations, and each combination
      // of their padded lengths would be a graph of its own.
      let earlierNats = 0;
      for (const part of parts.slice(0, -1))
        earlierNats += await readLoss(addGradients(gradients, part, denominator));
      const loss = addGradients(gradients, parts[parts.length - 1], denominator);
      return await update(gradients, loss, earlierNats, how);
    } finally {
      gradients.dispose();
    }
  }

  /**
   * Updates the weights, and then reads what tells whether that was right: loss and norms. A backend that puts work off
   * until a value is read does a whole step in one run, and each step does the same work.
   *
   * @param gradients - disposed of here, as is `loss`
   * @param loss - of the last micro-batch; shape []
   */
  async function update(
    gradients: GradientSum,
    loss: tf.Scalar,
    earlierNats: number,
    { learningRate, clipNorm, accept }: Pick<LearnerStep, "learningRate" | "clipNorm" | "accept">,
  ): Promise<LearnerReport> {
    const [measured, gradientScale] = tf.tidy(() => {
      const squares = gradients.squaredNorms(); // [gradients]
      return [
        tf.concat([tf.reshape(loss, [1]), squares]), // [1 + gradients]
        clipNorm > 0 ? tf.minimum(1, tf.div(clipNorm, tf.sqrt(tf.sum(squares)))) : undefined,
      ] as const;
    }) as readonly [tf.Tensor1D, tf.Tensor | undefined];
    const names = [...gradients.gradients.keys()];
    const updated = optimizer.update(gradients.gradients, { learningRate, gradientScale });
    average?.update(optimizer.updates, updated);
    // Before the read: what is alive then, a backend that records computes in full and keeps.
    gradients.dispose();
    tf.dispose(gradientScale ? [loss, gradientScale] : loss);
    try {
      const [lossNats, ...squares] = await measured.data();
      assertFinite("the loss", lossNats);
      const report = { lossNats: earlierNats + lossNats, gradientNorm: normOf(squares, names) };
      if (accept?.(report) === false) updated.undo();
      else updated.keep();
      return report;
    } catch (error) {
      updated.undo();
      throw error;
    } finally {
      measured.dispose();
    }
  }

  /** Adds the gradients of one micro-batch and returns its part of the loss in nats; shape []. */
  function addGradients(
    sum: GradientSum,
    { batch, selected, dropout }: MicroBatch,
    denominator: number,
  ): tf.Scalar {
    const factors = new Float32Array(selected.positions.length);
    for (let index = 0; index < selected.count; index++) {
      factors[index] = batch.lossWeight[selected.positions[index]] / denominator;
    }
    const { value, grads } = tf.variableGrads(() => {
      const logits = model.logits(modelInput(batch, selected), dropout); // [padded, vocab]
      const crossEntropy = sparseCrossEntropy(
        logits,
        tf.tensor1d(selected.labels, "int32"),
        batch.labelSmoothing,
      ); // [padded]
      return tf.sum(tf.mul(crossEntropy, tf.tensor1d(factors))); // []
    }, trainable());
    for (const [variable, gradient] of Object.entries(grads)) {
      sum.add(parameterNames.get(variable) as string, gradient);
    }
    return value;
  }

  async function score(batch: NoisedBatch): Promise<LearnerScores> {
    assertAlive();
    const selected = lossPositions(batch, batch.noiseMask, model.vocabularySize);
    if (selected.count === 0) return { crossEntropy: new Float32Array(0), correct: new Uint8Array(0) };
    // Put back at once: what a backend records keeps the values that it was recorded with.
    const putBack = average?.putInPlace();
    const [crossEntropy, best] = tf.tidy(() => {
      const logits = model.logits(modelInput(batch, selected)); // [padded, vocab]
      return [
        sparseCrossEntropy(logits, tf.tensor1d(selected.labels, "int32")),
        tf.argMax(logits, 1),
      ] as const;
    });
    putBack?.();
    try {
      const [nats, tokens] = await Promise.all([crossEntropy.data(), best.data()]);
      return {
        crossEntropy: Float32Array.from(nats.subarray(0, selected.count)),
        correct: Uint8Array.from(tokens.subarray(0, selected.count), (token, index) =>
          token === selected.labels[index] ? 1 : 0,
        ),
      };
    } finally {
      tf.dispose([crossEntropy, best]);
    }
  }

  return {
    name: `${model.name} with AdamW`,
    parameterCount: [...model.parameters.values()].reduce((sum, { size }) => sum + size, 0),
    step,
    score,
    state: async () => {
      assertAlive();
      return learnerState(optimizer, average);
    },
    restore: async (state) => {
      assertAlive();
      restoreLearnerState(optimizer, average, state);
    },
    withAverage: async (work) => {
      assertAlive();
      const putBack = average?.putInPlace();
      try {
        return await work();
      } finally {
        putBack?.();
      }
    },
    dispose: () => {
      if (disposed) return;
      disposed = true;
      optimizer.dispose();
      average?.dispose();
    },
  };

  function trainable(): tf.Variable[] {
    const variables = [...learnt.values()].filter((variable) => variable.trainable);
    if (variables.length > 0) return variables;
    throw new DiffusionError({
      code: "MODEL_INVALID",
      component: "training/learner",
      problem: `expected a model with trainable parameters, got ${learnt.size} frozen ones`,
      remedy: "Set `trainable` of the parameters to learn",
    });
  }

  function assertAlive(): void {
    if (!disposed) return;
    throw new DiffusionError({
      code: "DISPOSED",
      component: "training/learner",
      problem: "expected a live learner, got a disposed one",
      remedy: "Create a new learner",
    });
  }
}

// --- internal ---

function modelInput(batch: NoisedBatch, { positions }: LossPositions) {
  return {
    batch: batch.batch,
    seq: batch.seq,
    ids: batch.noisedIds,
    attentionMask: batch.attentionMask,
    positions,
  };
}

/** A micro-batch in which noise fell. */
interface MicroBatch {
  readonly batch: NoisedBatch;
  readonly selected: LossPositions;
  readonly dropout: Random;
}

/** The loss of a micro-batch, which it disposes of. */
async function readLoss(loss: tf.Scalar): Promise<number> {
  try {
    const [lossNats] = await loss.data();
    assertFinite("the loss", lossNats);
    return lossNats;
  } finally {
    loss.dispose();
  }
}

function noNoise(): DiffusionError {
  return new DiffusionError({
    code: "DATA_INVALID",
    component: "training/learner",
    problem: "expected a positive loss denominator in at least one micro-batch of the step, got none",
    remedy: "Is every token of these rows a special token, a prompt or padding?",
  });
}
