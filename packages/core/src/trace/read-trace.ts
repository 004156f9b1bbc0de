import { match } from "ts-pattern";
import type { z } from "zod";
import type { Tokenizer } from "../contracts/tokenizer.js";
import { DiffusionError } from "../errors/diffusion-error.js";
import type { GenerationEvent, GenerationStarted, PositionChange, StepFinished } from "../loop/events.js";
import { type GenerationState, stateAfter } from "../loop/generation-state.js";
import { assertFollows, NotFollowing } from "./assert-follows.js";
import { splitLines } from "./split-lines.js";
import { TRACE_FORMAT, type TraceHeader, traceHeaderSchema } from "./trace-header.js";
import { readNumber } from "./trace-numbers.js";
import {
  type ChangeColumns,
  type EventLine,
  eventLineSchema,
  type StartedLine,
  type StepLine,
} from "./trace-schema.js";
import { traceTokenizer } from "./trace-tokens.js";

export interface ReadTraceOptions {
  /** Characters of the longest line that is read. Default 2^26. */
  readonly longestLine?: number;
  /** Names the trace in messages. Default "the trace". */
  readonly source?: string;
}

/** How far a trace goes, as far as it has been read. */
export interface TraceEnding {
  /** True when the run was traced to its end. */
  readonly complete: boolean;
  /** Steps done. */
  readonly step: number;
  /** True when the last line broke off in the middle, as when the run was killed while it wrote. */
  readonly torn: boolean;
  /** The finished texts, exactly as the run's tokenizer decoded them. */
  readonly texts?: readonly string[];
}

export interface Trace {
  readonly header: TraceHeader;
  /** Decodes the tokens of the events that were read so far; it cannot encode. */
  readonly tokenizer: Tokenizer;
  /** The run's events, read and checked one at a time; they can be read once. `return()` closes the source unread. */
  readonly events: AsyncGenerator<GenerationEvent, void, void>;
  /** Asked after the last event: how the trace ends. */
  ending(): TraceEnding;
}

/**
 * Reads a trace as it comes: the header at once, each event when it is asked for.
 *
 * Every line is checked, by itself and against the page that the lines before it leave. A run that was killed leaves a
 * trace that ends early, perhaps in the middle of a line: its events end there, and `ending` says so. Anything else
 * that is wrong is an error that names the line.
 *
 * @param pieces - the text, in order; where it is cut does not matter: lines, or blocks of a file
 * @throws DiffusionError `TRACE_INVALID`; `UNSUPPORTED` for a version of the format that is not known
 */
export async function readTrace(
  pieces: AsyncIterable<string> | Iterable<string>,
  { longestLine = 2 ** 26, source = "the trace" }: ReadTraceOptions = {},
): Promise<Trace> {
  const lines = splitLines(pieces, longestLine);
  const first = await lines.next();
  if (first.done) throw invalid(source, 1, "a header", "nothing");
  let header: TraceHeader;
  try {
    header = decodeHeader(first.value.text, source);
  } catch (error) {
    await lines.return();
    throw error;
  }
  const tokenizer = traceTokenizer(header.tokenizer);
  let state: GenerationState | undefined;
  let torn = false;
  let texts: readonly string[] | undefined;

  async function* events(): AsyncGenerator<GenerationEvent, void, void> {
    for await (const { text, number, whole } of lines) {
      const value = parsed(text);
      if (value === undefined && !whole) {
        torn = true;
        return;
      }
      if (texts !== undefined) throw invalid(source, number, 'nothing after "finished"', "another line");
      const line = decoded(eventLineSchema, value, source, number) as EventLine;
      const event = eventOf(line);
      try {
        if (line.kind !== "finished") tokenizer.learn(line.tokens ?? []);
        assertFollows(event, state, tokenizer);
        state = stateAfter(state, event);
      } catch (error) {
        if (error instanceof NotFollowing) throw invalid(source, number, error.expected, error.got);
        if (!DiffusionError.is(error)) throw error;
        throw invalid(source, number, "a page", error.message, error);
      }
      if (line.kind === "finished") texts = line.texts;
      yield event;
    }
  }

  const stream = events();
  const leave = stream.return.bind(stream);
  // A generator that was never asked closes nothing by itself, and the source may be an open file.
  stream.return = async (value) => {
    await lines.return();
    return leave(value);
  };
  return {
    header,
    tokenizer,
    events: stream,
    ending: () => ({ complete: texts !== undefined, step: state?.progress.step ?? 0, torn, texts }),
  };
}

// --- internal ---

function decodeHeader(text: string, source: string): TraceHeader {
  const value = parsed(text) as { readonly format?: unknown; readonly version?: unknown } | null | undefined;
  if (value === undefined && text.startsWith(`{"format":"${TRACE_FORMAT.format}"`)) {
    throw invalid(source, 1, "a header", "the beginning of one");
  }
  if (value?.format !== TRACE_FORMAT.format) {
    throw invalid(source, 1, `the header of a ${TRACE_FORMAT.format}`, beginning(text));
  }
  if (value.version !== TRACE_FORMAT.version) {
    throw new DiffusionError({
      code: "UNSUPPORTED",
      component: "core/trace",
      problem: `expected version ${TRACE_FORMAT.version} of the format in ${source}, the only one known, got ${JSON.stringify(value.version)}`,
      remedy: "Read it with the version of textdiffusion that wrote it",
    });
  }
  const header = decoded(traceHeaderSchema, value, source, 1);
  const { vocabularySize, special, specialIds } = header.tokenizer;
  const strange = [...Object.values(special), ...specialIds].find((id) => id >= vocabularySize);
  if (strange === undefined) return header;
  throw invalid(source, 1, `special ids below the vocabulary's size of ${vocabularySize}`, String(strange));
}

/** JSON, or undefined for what is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function decoded<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  source: string,
  number: number,
): z.output<Schema> {
  if (value === undefined) throw invalid(source, number, "a line of JSON", "something else");
  try {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    throw invalid(source, number, `a valid ${issue.path.join(".") || "line"}`, issue.message);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // nested beyond the stack
    throw invalid(source, number, "data of some depth", "too many brackets", error);
  }
}

function eventOf(line: EventLine): GenerationEvent {
  return match(line)
    .with({ kind: "started" }, startedOf)
    .with({ kind: "step" }, stepOf)
    .with({ kind: "finished" }, ({ texts: _, ids, ...finished }) => ({
      ...finished,
      ids: Int32Array.from(ids),
    }))
    .exhaustive();
}

function startedOf({ tokens: _, ...line }: StartedLine): GenerationStarted {
  const { ids, attentionMask, editable, restrictions = [], steps, rowSteps, revealLogProbs } = line;
  return {
    ...line,
    ids: Int32Array.from(ids),
    attentionMask: Uint8Array.from(attentionMask),
    editable: Uint8Array.from(editable),
    restrictions,
    steps: steps ?? undefined,
    rowSteps: Int32Array.from(rowSteps),
    revealLogProbs: revealLogProbs
      ? Float64Array.from(revealLogProbs, readNumber)
      : new Float64Array(ids.length).fill(Number.NaN),
  };
}

function stepOf({
  tokens: _,
  candidates,
  t,
  s,
  revealed,
  remasked,
  confirmed,
  maskedEntropy,
  ...line
}: StepLine): StepFinished {
  return {
    ...line,
    t: readNumber(t),
    s: readNumber(s),
    revealed: changesOf(revealed),
    remasked: changesOf(remasked),
    confirmed: changesOf(confirmed),
    ...(maskedEntropy !== undefined && { maskedEntropy: readNumber(maskedEntropy) }),
    candidates: {
      rows: Int32Array.from(candidates?.row ?? []),
      positions: Int32Array.from(candidates?.position ?? []),
      tokens: Int32Array.from(candidates?.token ?? []),
      logProbs: Float32Array.from(candidates?.logProb ?? [], readNumber),
    },
  };
}

function changesOf(columns: ChangeColumns | undefined): PositionChange[] {
  if (columns === undefined) return [];
  const { row, position, from, to } = columns;
  return row.map((_, index) => {
    const scores: Partial<Record<"logProb" | "entropy" | "margin", number>> = {};
    for (const name of ["logProb", "entropy", "margin"] as const) {
      const written = columns[name]?.[index];
      if (written !== undefined && written !== null) scores[name] = readNumber(written);
    }
    return { row: row[index], position: position[index], from: from[index], to: to[index], ...scores };
  });
}

function beginning(text: string): string {
  return text.length <= 60 ? JSON.stringify(text) : `${JSON.stringify(text.slice(0, 60))} ...`;
}

function invalid(
  source: string,
  number: number,
  expected: string,
  got: string,
  cause?: unknown,
): DiffusionError {
  return new DiffusionError({
    code: "TRACE_INVALID",
    component: "core/trace",
    problem: `expected ${expected}, got ${got} (line ${number} of ${source})`,
    remedy:
      number === 1
        ? "Name a trace: textdiffusion generate --trace writes one"
        : "Write the trace anew, or cut the file off before that line to see the part before it",
    details: { line: number },
    cause,
  });
}
