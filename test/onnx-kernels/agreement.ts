import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";

/** A tensor as plain data, so that it can be made on any backend. */
export interface Sample {
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32" | "bool";
  readonly values: readonly number[];
}

/** One tensor read back, or the fact that the operation threw. */
export type Outcome = Sample | "threw";

export interface Tolerance {
  /** Of the larger magnitude. */
  readonly relative: number;
  readonly absolute: number;
}

export const rounding: Tolerance = { relative: 2e-6, absolute: 1e-6 };

export function toTensor({ shape, dtype, values }: Sample): tf.Tensor {
  return tf.tensor(values as number[], shape as number[], dtype);
}

/** What an operation answers on a backend. */
export async function outcomesOn(
  backend: string,
  samples: readonly Sample[],
  operation: (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[],
): Promise<Outcome[]> {
  await tf.setBackend(backend);
  tf.engine().startScope();
  try {
    const results = operation(...samples.map(toTensor));
    const outcomes: Outcome[] = [];
    for (const result of Array.isArray(results) ? results : [results]) {
      const values = Array.from(await result.data());
      outcomes.push({ shape: result.shape, dtype: result.dtype as Sample["dtype"], values });
    }
    return outcomes;
  } catch {
    return ["threw"];
  } finally {
    tf.engine().endScope();
  }
}

/** Asserts that an operation answers on `onnx` what it answers on `cpu`: shape, type and values. */
export async function expectAgreement(
  samples: readonly Sample[],
  operation: (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[],
  tolerance: Tolerance = rounding,
): Promise<void> {
  const expected = await outcomesOn("cpu", samples, operation);
  const found = await outcomesOn("onnx", samples, operation);
  expect(found.length).toBe(expected.length);
  expected.forEach((outcome, place) => {
    const other = found[place];
    if (outcome === "threw" || other === "threw") {
      expect(other).toBe(outcome);
      return;
    }
    expect({ shape: other.shape, dtype: other.dtype }).toEqual({
      shape: outcome.shape,
      dtype: outcome.dtype,
    });
    const differs = outcome.values.findIndex(
      (value, index) => !isClose(other.values[index], value, tolerance),
    );
    if (differs >= 0)
      expect({ at: differs, values: other.values }).toEqual({ at: differs, values: outcome.values });
  });
}

// --- internal ---

function isClose(found: number, expected: number, { relative, absolute }: Tolerance): boolean {
  if (Object.is(found, expected) || found === expected) return true;
  if (!Number.isFinite(found) || !Number.isFinite(expected)) return false;
  return Math.abs(found - expected) <= absolute + relative * Math.max(Math.abs(found), Math.abs(expected));
}
