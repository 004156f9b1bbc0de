import { match } from "ts-pattern";
import type { Tokenizer } from "../contracts/tokenizer.js";
import type { GenerationEvent, PositionChange, StepFinished } from "../loop/events.js";
import { headerLine, type TraceHeader } from "./trace-header.js";
import { writeFloat32, writeNumber } from "./trace-numbers.js";
import type { ChangeColumns, EventLine, ShownToken } from "./trace-schema.js";
import { shownToken } from "./trace-tokens.js";

/**
 * A run as lines of JSON, each with its line feed: the header, then one line an event, asked for one at a time. What
 * `readTrace` makes of them are the same events.
 *
 * ```ts
 * for await (const line of traceLines(header, model.stream(request), tokenizer)) response.write(line);
 * ```
 *
 * @param tokenizer - that of the run; only its tokens' texts get into the lines
 */
export async function* traceLines(
  header: TraceHeader,
  events: AsyncIterable<GenerationEvent> | Iterable<GenerationEvent>,
  tokenizer: Tokenizer,
): AsyncGenerator<string, void, void> {
  yield `${headerLine(header)}\n`;
  const lineOf = eventLines(tokenizer);
  for await (const event of events) yield lineOf(event);
}

/** From event to line for the events of one run in their order; it remembers which tokens it has told of. */
export function eventLines(tokenizer: Tokenizer): (event: GenerationEvent) => string {
  const told = new Set<number>();
  let seq = 0;
  const news = (...groups: readonly Iterable<number>[]): { tokens?: ShownToken[] } => {
    const fresh = new Set<number>();
    for (const ids of groups) for (const id of ids) if (!told.has(id)) fresh.add(id);
    for (const id of fresh) told.add(id);
    return fresh.size === 0 ? {} : { tokens: Array.from(fresh, (id) => shownToken(tokenizer, id)) };
  };
  return (event) => {
    const line = match(event)
      .with({ kind: "started" }, (started): EventLine => {
        seq = started.seq;
        const {
          ids,
          attentionMask,
          editable,
          restrictions,
          rowKeys,
          steps,
          rowSteps,
          doneRows,
          revealLogProbs,
        } = started;
        return {
          ...started,
          ids: [...ids],
          attentionMask: [...attentionMask] as (0 | 1)[],
          editable: [...editable] as (0 | 1)[],
          restrictions:
            restrictions.length === 0
              ? undefined
              : restrictions.map(({ allowed, banned, ...place }) => ({
                  ...place,
                  allowed: allowed && [...allowed],
                  banned: banned && [...banned],
                })),
          rowKeys: [...rowKeys],
          steps: steps ?? null,
          rowSteps: [...rowSteps],
          doneRows: [...doneRows],
          revealLogProbs: revealLogProbs.every(Number.isNaN)
            ? undefined
            : Array.from(revealLogProbs, writeNumber),
          ...news(ids, [started.maskTokenId]),
        };
      })
      .with({ kind: "step" }, (step) => stepLine(step, news))
      .with(
        { kind: "finished" },
        (finished): EventLine => ({
          ...finished,
          ids: [...finished.ids],
          texts: Array.from({ length: seq === 0 ? 0 : finished.ids.length / seq }, (_, row) =>
            tokenizer.decode(finished.ids.subarray(row * seq, (row + 1) * seq)),
          ),
        }),
      )
      .exhaustive();
    return `${JSON.stringify(line)}\n`;
  };
}

// --- internal ---

function stepLine(
  event: StepFinished,
  news: (...groups: readonly Iterable<number>[]) => { tokens?: ShownToken[] },
): EventLine {
  const { revealed, remasked, confirmed, candidates, maskedEntropy, t, s } = event;
  const { rows, positions, tokens, logProbs } = candidates;
  return {
    ...event,
    t: writeNumber(t),
    s: writeNumber(s),
    revealed: columns(revealed),
    remasked: columns(remasked),
    confirmed: columns(confirmed),
    candidates:
      rows.length === 0
        ? undefined
        : {
            row: [...rows],
            position: [...positions],
            token: [...tokens],
            logProb: Array.from(logProbs, writeFloat32),
          },
    ...(maskedEntropy !== undefined && { maskedEntropy: writeNumber(maskedEntropy) }),
    finishedRows: [...event.finishedRows],
    ...news(
      revealed.map(({ to }) => to),
      remasked.map(({ to }) => to),
      tokens,
    ),
  };
}

/** A list of changes as one list for each of its fields; nothing for an empty one. */
function columns(changes: readonly PositionChange[]): ChangeColumns | undefined {
  if (changes.length === 0) return undefined;
  const scores = (name: "logProb" | "entropy" | "margin") =>
    changes.every((change) => change[name] === undefined)
      ? {}
      : {
          [name]: changes.map((change) => {
            const value = change[name];
            return value === undefined ? null : writeNumber(value);
          }),
        };
  return {
    row: changes.map(({ row }) => row),
    position: changes.map(({ position }) => position),
    from: changes.map(({ from }) => from),
    to: changes.map(({ to }) => to),
    ...scores("logProb"),
    ...scores("entropy"),
    ...scores("margin"),
  };
}
