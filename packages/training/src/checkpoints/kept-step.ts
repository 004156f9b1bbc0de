import type { NoisedBatch } from "@textdiffusion/core";

/** A step that ended in NaN or in a spike, to be looked at, and what it was taken with. */
export interface KeptStep {
  /** Number of the step, the first is 1. */
  readonly step: number;
  /** What was wrong with it. */
  readonly problem: string;
  readonly learningRate: number;
  /** The micro-batches as the learner got them. */
  readonly batches: readonly NoisedBatch[];
}

/** As a line of JSON, flat arrays as lists. */
export function keptStepJson({ batches, ...step }: KeptStep): string {
  return `${JSON.stringify({ ...step, batches: batches.map(asLists) })}\n`;
}

// --- internal ---

function asLists(batch: NoisedBatch): object {
  return Object.fromEntries(
    Object.entries(batch).map(([name, value]) => [
      name,
      ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value,
    ]),
  );
}
