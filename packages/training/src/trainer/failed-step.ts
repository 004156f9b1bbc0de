import { DiffusionError, type NoisedBatch } from "@textdiffusion/core";
import type { CheckpointStore } from "../checkpoints/checkpoint-store.js";

/**
 * An error of a learner as one that names the step, and the file that has its batches, where there is a store.
 *
 * @returns what to throw; anything but `NOT_A_NUMBER` as it is
 */
export async function failedStep(
  error: unknown,
  { step, learningRate, batches }: { step: number; learningRate: number; batches: readonly NoisedBatch[] },
  store: CheckpointStore | undefined,
): Promise<unknown> {
  if (!DiffusionError.is(error, "NOT_A_NUMBER")) return error;
  const { component, problem, remedy, details } = error;
  const file = await store
    ?.keepStep("failed", { step, problem, learningRate, batches })
    .catch(() => undefined); // a full disk must not hide what went wrong
  return new DiffusionError({
    code: "NOT_A_NUMBER",
    component,
    problem: `step ${step}: ${problem}`,
    remedy: file === undefined ? remedy : `${remedy}. Its batches are in ${file}`,
    details: { ...details, step, file },
    cause: error,
  });
}
