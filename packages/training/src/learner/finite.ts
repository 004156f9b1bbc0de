import { DiffusionError } from "@textdiffusion/core";

/** Global L2 norm. The squares of each tensor are summed on the device, those few sums here, in doubles. */
export function normOf(squares: readonly number[], names: readonly string[]): number {
  for (const [place, square] of squares.entries()) {
    assertFinite(`the squared norm of the gradient of "${names[place]}"`, square);
  }
  const total = squares.reduce((sum, square) => sum + square, 0);
  // The device clips by the sum in float32, which overflows before this one.
  assertFinite("the squared norm of all gradients in float32", Math.fround(total));
  return Math.sqrt(total);
}

/** @throws DiffusionError `NOT_A_NUMBER` that names the tensor */
export function assertFinite(what: string, value: number): void {
  if (!Number.isFinite(value)) throw notANumber(what, value);
}

// --- internal ---

function notANumber(what: string, value: number): DiffusionError {
  return new DiffusionError({
    code: "NOT_A_NUMBER",
    component: "training/learner",
    problem: `expected ${what} to be finite, got ${value}`,
    remedy:
      "The weights are as before this step. Lower the learning rate, lengthen warm-up or clip the gradient",
    details: { tensor: what },
  });
}
