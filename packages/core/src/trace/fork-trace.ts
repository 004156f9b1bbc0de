import type { Constraint } from "../contracts/constraint.js";
import type { Tokenizer } from "../contracts/tokenizer.js";
import { DiffusionError } from "../errors/diffusion-error.js";
import type { GenerationEvent, GenerationStarted } from "../loop/events.js";
import { stateAfter, stateAtStep } from "../loop/generation-state.js";
import { lockTokens, type TokenLock } from "../loop/lock-tokens.js";
import type { GenerationRequest, Pipeline } from "../pipeline/pipeline.js";
import { compareRuns, type TraceComparison } from "./compare-runs.js";
import type { Trace } from "./read-trace.js";
import type { TraceHeader, TraceParent } from "./trace-header.js";

export interface ForkOptions {
  /** Steps of the run that the fork keeps, from its first event's `step` to the last. */
  readonly at: number;
  /** Default the run's own. */
  readonly seed?: number;
  /** Tokens put in place where the fork begins. Default none. */
  readonly locks?: readonly TokenLock[];
  /** The constraint of the run, made again, if it had one. */
  readonly constraint?: Constraint;
}

/** What to ask a pipeline for, and what the header of the fork's own trace says of where it came from. */
export interface Fork {
  readonly request: GenerationRequest;
  readonly parent: TraceParent;
}

/**
 * A run left at one of its steps. The pipeline that goes on may have another sampler; with nothing changed the request
 * gives the rest of the run, token for token. Reads the trace's events up to that step.
 *
 * @param tokenizer - the model's
 * @throws DiffusionError `TRACE_INVALID` for a step that the run does not have, `PROMPT_INVALID` and
 *   `TOKEN_OUT_OF_RANGE` for locks that cannot be, `UNSUPPORTED` for a request that JSON could not hold, a constraint that
 *   is missing, and locks under one
 */
export async function forkTrace(
  { header, events }: Pick<Trace, "header" | "events">,
  { at, seed = header.seed, locks = [], constraint }: ForkOptions,
  tokenizer: Pick<Tokenizer, "token" | "special" | "vocabularySize">,
): Promise<Fork> {
  const rest = restOfRequest(header, constraint);
  if (locks.length > 0 && constraint !== undefined) {
    throw unsupported(
      "no locks in a run under a constraint, which reads its gaps whole, got some",
      "Fork it without locks",
    );
  }
  const from = lockTokens(await stateAtStep(events, at), locks, tokenizer);
  return { request: { ...rest, from, seed }, parent: { header, step: at, locks } };
}

export interface VerifyOptions {
  /** The constraint of the run, made again, if it had one. */
  readonly constraint?: Constraint;
  readonly signal?: AbortSignal;
}

/**
 * Runs a trace's config and request again, and compares every step.
 *
 * @param pipeline - of the same model and the same components
 * @throws DiffusionError what reading and running throw, `UNSUPPORTED` for a request that JSON could not hold
 */
export async function verifyTrace(
  { header, events, tokenizer }: Pick<Trace, "header" | "events" | "tokenizer">,
  pipeline: Pick<Pipeline, "stream">,
  { constraint, signal }: VerifyOptions = {},
): Promise<TraceComparison> {
  const first = await events.next();
  if (first.done) return { equalSteps: 0, confidenceGap: 0 };
  const request = requestAgain(header, first.value as GenerationStarted, constraint);
  const again = pipeline.stream({ ...request, signal });
  try {
    return await compareRuns(followed(first.value, events), again, (token) =>
      JSON.stringify(tokenizer.decode([token], { keepSpecial: true }) || String(token)),
    );
  } finally {
    await again.return();
  }
}

// --- internal ---

function requestAgain(
  header: TraceHeader,
  started: GenerationStarted,
  constraint: Constraint | undefined,
): GenerationRequest {
  const { seed } = header;
  if (header.parent === undefined) return { ...sayable(header.request, constraint), seed };
  return { ...restOfRequest(header, constraint), from: stateAfter(undefined, started), seed };
}

/** What a request says besides the page that it begins with. */
function restOfRequest(header: TraceHeader, constraint: Constraint | undefined): GenerationRequest {
  const {
    prompts: _,
    rowKeys: __,
    length: ___,
    frame: ____,
    rules: _____,
    ...rest
  } = sayable(header.request, constraint);
  return rest;
}

/** The request again, with its constraint as it was made again. */
function sayable(
  { constraint: traced, ...request }: TraceHeader["request"],
  constraint: Constraint | undefined,
): GenerationRequest {
  if ((traced === undefined) !== (constraint === undefined)) {
    throw unsupported(
      traced === undefined
        ? `no constraint, since the run had none, got "${constraint?.name}"`
        : `the constraint of the run, ${JSON.stringify(traced)}, made again, got none`,
      "Pass the constraint that the run had",
    );
  }
  const lost = Object.keys(request).find((key) =>
    JSON.stringify(request[key]).includes('"passedAsValue":true'),
  );
  if (lost === undefined) return { ...(request as GenerationRequest), ...(constraint && { constraint }) };
  throw unsupported(
    `a request that a trace could hold, got one whose ${lost} was passed as a value`,
    "Run it again from the code that made it",
  );
}

function unsupported(expectedAndGot: string, remedy: string): DiffusionError {
  return new DiffusionError({
    code: "UNSUPPORTED",
    component: "core/trace",
    problem: `expected ${expectedAndGot}`,
    remedy,
  });
}

async function* followed(
  first: GenerationEvent,
  rest: AsyncIterable<GenerationEvent>,
): AsyncGenerator<GenerationEvent, void, void> {
  yield first;
  yield* rest;
}
