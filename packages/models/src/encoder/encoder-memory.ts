import * as tf from "@tensorflow/tfjs-core";
import { DiffusionError } from "@textdiffusion/core";
import type { KeysAndValues, MaskedLanguageModel, ModelInput } from "@textdiffusion/ops";
import type { EncoderConfig } from "../config/encoder-config.js";
import { type EncoderInput, encoderForward, type Recall, type Weights } from "./encoder-forward.js";

/** Keys and values of each layer at every position of some rows. Who asked for it disposes of it, with `tf.dispose(layers)`. */
export interface EncoderMemory {
  readonly batch: number;
  readonly seq: number;
  readonly layers: readonly KeysAndValues[];
}

/** Rows of which part is computed and the rest remembered. */
export interface RecallInput extends ModelInput {
  /** Which row of the memory each row continues; shape [batch]. */
  readonly rows: Int32Array;
  /** Flat indices `row * seq + position` that are computed, equally many in each row, ascending; `positions` are among them. */
  readonly computed: Int32Array;
}

/** A model that can compute part of its rows from the memory of an earlier pass: an approximation, see `recall`. */
export interface RecallingModel extends MaskedLanguageModel {
  /** `logits` and what `recall` needs. The caller disposes of both. */
  remember(input: ModelInput): { logits: tf.Tensor2D; memory: EncoderMemory };
  /**
   * Logits from a pass over the computed positions alone. They attend to each other, and to the other positions as the
   * memory has them. Exact where nothing differs from the rows that were remembered; where computed positions do, the
   * others would have changed with them and do not, which is the approximation.
   *
   * @returns shape [positions, vocab]. The caller disposes of it.
   * @throws DiffusionError `SHAPE_MISMATCH`
   */
  recall(memory: EncoderMemory, input: RecallInput): tf.Tensor2D;
}

/** @param input - has been checked */
export function remember(
  config: EncoderConfig,
  weights: Weights,
  input: ModelInput,
): { logits: tf.Tensor2D; memory: EncoderMemory } {
  const { logits, layers } = tf.tidy(() => {
    const layers: KeysAndValues[] = [];
    const logits = encoderForward(config, weights, inputTensors(input, input.positions), {
      remember: (layer) => layers.push(layer),
    });
    return { logits, layers: layers as (KeysAndValues & tf.TensorContainerObject)[] };
  });
  return { logits, memory: { batch: input.batch, seq: input.seq, layers } };
}

/** @param input - has been checked as far as a whole pass would need it */
export function recall(
  config: EncoderConfig,
  weights: Weights,
  memory: EncoderMemory,
  input: RecallInput,
): tf.Tensor2D {
  const { batch, seq, rows, computed, attentionMask } = input;
  assertRecall(memory, input);
  const width = computed.length / batch;
  const placeOf = new Map(Array.from(computed, (flat, place) => [flat, place]));
  const attended = new Float32Array(batch * (seq + width));
  for (let row = 0; row < batch; row++) {
    for (let position = 0; position < seq; position++) {
      const flat = row * seq + position;
      // What is computed anew is not attended to as it was, but as it is: behind the stored keys.
      const place = placeOf.get(flat);
      attended[row * (seq + width) + (place === undefined ? position : seq + (place % width))] =
        attentionMask[flat];
    }
  }
  return tf.tidy(() => {
    const inOrder = rows.length === memory.batch && rows.every((row, index) => row === index);
    const chosen = tf.tensor1d(rows, "int32");
    const pick = (stored: tf.Tensor4D) => (inOrder ? stored : tf.gather(stored, chosen));
    const recalled: Recall = {
      computed: tf.tensor1d(computed, "int32"),
      attentionMask: tf.tensor2d(attended, [batch, seq + width]),
      layers: memory.layers.map(({ keys, values }) => ({ keys: pick(keys), values: pick(values) })),
    };
    const places = input.positions.map((flat) => placeOf.get(flat) as number);
    return encoderForward(config, weights, inputTensors(input, places), { recall: recalled });
  });
}

/** @param positions - of the rows that pass the head */
export function inputTensors(input: ModelInput, positions: Int32Array): EncoderInput {
  const shape: [number, number] = [input.batch, input.seq];
  return {
    ids: tf.tensor2d(input.ids, shape, "int32"),
    attentionMask: tf.tensor2d(Float32Array.from(input.attentionMask), shape),
    positions: tf.tensor1d(positions, "int32"),
  };
}

// --- internal ---

function assertRecall(memory: EncoderMemory, { batch, seq, rows, computed, positions }: RecallInput): void {
  if (seq !== memory.seq || rows.length !== batch || rows.some((row) => row < 0 || row >= memory.batch)) {
    throw invalid(
      `${batch} rows of the memory's ${memory.batch}, of ${memory.seq} tokens each, got rows [${rows.join(", ")}] of ${seq}`,
    );
  }
  const width = computed.length / batch;
  const isPlaced = (flat: number, index: number) =>
    Math.floor(flat / seq) === Math.floor(index / width) &&
    (index % width === 0 || flat > computed[index - 1]);
  if (!Number.isInteger(width) || width === 0 || !computed.every(isPlaced)) {
    throw invalid(
      `equally many computed positions in each of ${batch} rows, ascending, got ${computed.length} in all`,
    );
  }
  const all = new Set(computed);
  const outside = positions.find((flat) => !all.has(flat));
  if (outside !== undefined) throw invalid(`positions among the computed ones, got ${outside}`);
}

function invalid(expectedAndGot: string): DiffusionError {
  return new DiffusionError({
    code: "SHAPE_MISMATCH",
    component: "models/recall",
    problem: `expected ${expectedAndGot}`,
    remedy: "Remember the rows again, or compute what is asked for",
  });
}
