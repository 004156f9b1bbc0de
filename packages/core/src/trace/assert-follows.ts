import { match } from "ts-pattern";
import type { GenerationEvent, GenerationFinished, GenerationStarted, StepFinished } from "../loop/events.js";
import type { GenerationState } from "../loop/generation-state.js";
import { assertCanvas } from "../values/canvas.js";
import type { TraceTokenizer } from "./trace-tokens.js";

/** What was expected of an event and what it says instead. */
export class NotFollowing extends Error {
  constructor(
    readonly expected: string,
    readonly got: string,
  ) {
    super(`expected ${expected}, got ${got}`);
  }
}

/**
 * Checks an event against the state that the events before it leave: order, shapes, places, tokens, counts.
 *
 * @throws NotFollowing, and what `assertCanvas` throws
 */
export function assertFollows(
  event: GenerationEvent,
  state: GenerationState | undefined,
  tokenizer: TraceTokenizer,
): void {
  if (event.kind === "started" && state) fail('one "started", before all else', 'a second "started"');
  if (event.kind !== "started" && !state) fail('"started" as the first event', `"${event.kind}"`);
  match(event)
    .with({ kind: "started" }, (started) => assertStarted(started, tokenizer))
    .with({ kind: "step" }, (step) => assertStep(step, state as GenerationState, tokenizer))
    .with({ kind: "finished" }, (finished) => assertFinished(finished, state as GenerationState))
    .exhaustive();
}

// --- internal ---

function assertStarted(started: GenerationStarted, tokenizer: TraceTokenizer): void {
  assertCanvas(started, started.maskTokenId);
  if (started.maskTokenId !== tokenizer.special.mask) {
    fail(`the header's mask token ${tokenizer.special.mask}`, String(started.maskTokenId));
  }
  const { batch, seq, rowSteps, revealLogProbs, doneRows } = started;
  if (rowSteps.length !== batch) fail(`${batch} rowSteps`, String(rowSteps.length));
  if (revealLogProbs.length !== batch * seq)
    fail(`${batch * seq} revealLogProbs`, String(revealLogProbs.length));
  assertRows(doneRows, batch, []);
  assertTokens(started.ids, tokenizer);
}

function assertStep(
  step: StepFinished,
  { canvas, progress }: GenerationState,
  tokenizer: TraceTokenizer,
): void {
  const { batch, seq } = canvas;
  const { revealed, remasked, confirmed, candidates } = step;
  if (step.step !== progress.step) fail(`step ${progress.step}`, `step ${step.step}`);
  const touched = new Set<number>();
  for (const { row, position, from, to } of [...revealed, ...remasked, ...confirmed]) {
    const place = `row ${row}, position ${position}`;
    if (row >= batch || position >= seq) fail(`places on a page of [${batch}, ${seq}]`, place);
    if (canvas.editable[row * seq + position] !== 1) fail("changes at editable positions", place);
    if (touched.has(row * seq + position)) fail("one change for each position", `two for ${place}`);
    touched.add(row * seq + position);
    if (canvas.ids[row * seq + position] !== from) {
      fail(`token ${canvas.ids[row * seq + position]} to change at ${place}`, String(from));
    }
    assertTokens([to], tokenizer);
  }
  const mask = tokenizer.special.mask;
  for (const { from, to } of confirmed) if (from !== to) fail("confirmed tokens to stay", `${from} to ${to}`);
  for (const { to } of remasked) if (to !== mask) fail(`remasked positions to hold ${mask}`, String(to));
  for (const { to } of revealed) if (to === mask) fail("revealed positions to hold text", `the mask ${mask}`);
  for (const [at, row] of candidates.rows.entries()) {
    if (row < batch && candidates.positions[at] < seq) continue;
    fail(`candidates on a page of [${batch}, ${seq}]`, `row ${row}, position ${candidates.positions[at]}`);
  }
  assertTokens(candidates.tokens, tokenizer);
  assertRows(step.finishedRows, batch, progress.doneRows);
  const before = canvas.ids.filter((id) => id === mask).length;
  const taken = revealed.filter(({ from }) => from === mask).length;
  const masked = before - taken + remasked.filter(({ from }) => from !== mask).length;
  if (step.masked !== masked) fail(`${masked} masked positions`, String(step.masked));
  assertCosts(step, progress);
}

function assertFinished(finished: GenerationFinished, { canvas, progress }: GenerationState): void {
  if (finished.steps !== progress.step) fail(`${progress.step} steps`, String(finished.steps));
  const same =
    finished.ids.length === canvas.ids.length && finished.ids.every((id, index) => id === canvas.ids[index]);
  if (!same) fail("the page that the steps leave", "another one");
  assertCosts(finished, progress);
}

function assertCosts(
  event: { readonly forwards: number; readonly rowForwards: number },
  before: { readonly forwards: number; readonly rowForwards: number },
): void {
  for (const name of ["forwards", "rowForwards"] as const) {
    if (event[name] < before[name]) fail(`at least ${before[name]} ${name}`, String(event[name]));
  }
}

function assertRows(rows: readonly number[], batch: number, done: readonly number[]): void {
  for (const row of rows) {
    if (row >= batch) fail(`rows below ${batch}`, String(row));
    if (done.includes(row)) fail("rows that were not done yet", String(row));
  }
}

function assertTokens(ids: ArrayLike<number>, tokenizer: TraceTokenizer): void {
  for (let index = 0; index < ids.length; index++) {
    if (ids[index] >= tokenizer.vocabularySize) {
      fail(`token ids below ${tokenizer.vocabularySize}`, String(ids[index]));
    }
    if (!tokenizer.knows(ids[index])) fail("a text for each token", `none for ${ids[index]}`);
  }
}

function fail(expected: string, got: string): never {
  throw new NotFollowing(expected, got);
}
