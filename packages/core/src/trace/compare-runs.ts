import type { GenerationEvent, PositionChange, StepFinished } from "../loop/events.js";

/** What two runs of the same config have in common. */
export interface TraceComparison {
  /** Steps that are equal, from the first on: every position, token, time and count. */
  readonly equalSteps: number;
  /** Largest difference of two confidences of equal steps (log-probability or entropy in nats, margin), 0 for none. */
  readonly confidenceGap: number;
  /** The first thing that differs. */
  readonly difference?: {
    /** The step in which it is, from 0; undefined for the page before the first step or after the last. */
    readonly step?: number;
    readonly what: string;
  };
}

/**
 * Compares the events of a trace with those of the run made again, up to the first difference or to the end of the
 * shorter trace. Confidences may differ (another backend or machine rounds in another order); the rest may not.
 *
 * @param describe - a token in words; default its id
 */
export async function compareRuns(
  expected: AsyncIterable<GenerationEvent> | Iterable<GenerationEvent>,
  again: AsyncIterator<GenerationEvent>,
  describe: (token: number) => string = String,
): Promise<TraceComparison> {
  let equalSteps = 0;
  let confidenceGap = 0;
  for await (const event of expected) {
    const { value: other, done } = await again.next();
    const what = done ? "the run ends before the trace" : differenceOf(event, other, describe);
    if (what !== undefined) {
      const step = event.kind === "step" ? event.step : undefined;
      return { equalSteps, confidenceGap, difference: { what, ...(step !== undefined && { step }) } };
    }
    if (event.kind === "step") {
      equalSteps++;
      confidenceGap = Math.max(confidenceGap, gapOf(event, other as StepFinished));
    }
  }
  return { equalSteps, confidenceGap };
}

// --- internal ---

function differenceOf(
  expected: GenerationEvent,
  got: GenerationEvent,
  describe: (token: number) => string,
): string | undefined {
  if (expected.kind !== got.kind) return `"${expected.kind}" in the trace, "${got.kind}" in the run`;
  if (expected.kind === "step") return differenceOfSteps(expected, got as StepFinished, describe);
  const other = got as typeof expected;
  const index = expected.ids.findIndex((id, at) => id !== other.ids[at]);
  if (index >= 0 || expected.ids.length !== other.ids.length) {
    return `token ${describe(expected.ids[index])} at index ${index} of the page in the trace, ${describe(other.ids[index])} in the run`;
  }
  return (Object.keys(expected) as (keyof typeof expected)[])
    .filter((name) => name !== "ids" && !sameValue(expected[name], other[name]))
    .map((name) => `another ${name}`)[0];
}

function differenceOfSteps(
  expected: StepFinished,
  got: StepFinished,
  describe: (token: number) => string,
): string | undefined {
  for (const name of ["step", "t", "s"] as const) {
    if (expected[name] !== got[name])
      return `${name} = ${expected[name]} in the trace, ${got[name]} in the run`;
  }
  for (const name of ["revealed", "remasked", "confirmed"] as const) {
    const length = Math.max(expected[name].length, got[name].length);
    for (let index = 0; index < length; index++) {
      const [one, other] = [expected[name][index], got[name][index]];
      if (one && other && one.row === other.row && one.position === other.position && one.to === other.to)
        continue;
      return `${placed(one, name, describe)} in the trace, ${placed(other, name, describe)} in the run`;
    }
  }
  for (const name of ["masked", "finishedRows", "forwards", "rowForwards"] as const) {
    if (!sameValue(expected[name], got[name]))
      return `${name} ${expected[name]} in the trace, ${got[name]} in the run`;
  }
  const { rows, positions, tokens } = expected.candidates;
  const others = got.candidates;
  const sameCandidates =
    sameValue(rows, others.rows) &&
    sameValue(positions, others.positions) &&
    sameValue(tokens, others.tokens);
  return sameCandidates ? undefined : "other candidates, with the same tokens taken";
}

function placed(
  change: PositionChange | undefined,
  kind: string,
  describe: (token: number) => string,
): string {
  if (change === undefined) return `nothing more ${kind}`;
  return `${kind} ${describe(change.to)} in row ${change.row} at position ${change.position}`;
}

function gapOf(one: StepFinished, other: StepFinished): number {
  let gap = 0;
  const see = (a: number | undefined, b: number | undefined) => {
    // Equal infinities are no gap, and neither is NaN beside NaN.
    if (a === undefined || b === undefined || Object.is(a, b)) return;
    gap = Math.max(gap, Number.isNaN(a - b) ? Number.POSITIVE_INFINITY : Math.abs(a - b));
  };
  for (const name of ["revealed", "confirmed"] as const) {
    one[name].forEach((change, index) => {
      for (const score of ["logProb", "entropy", "margin"] as const)
        see(change[score], other[name][index][score]);
    });
  }
  see(one.maskedEntropy, other.maskedEntropy);
  one.candidates.logProbs.forEach((logProb, index) => {
    see(logProb, other.candidates.logProbs[index]);
  });
  return gap;
}

function sameValue(one: unknown, other: unknown): boolean {
  if (typeof one !== "object" || one === null) return Object.is(one, other);
  const [a, b] = [one, other] as [ArrayLike<unknown>, ArrayLike<unknown>];
  return a.length === b.length && Array.from(a).every((value, index) => Object.is(value, b[index]));
}
