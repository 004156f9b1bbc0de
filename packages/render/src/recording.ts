import type { GenerationEvent, Tokenizer } from "@textdiffusion/core";
import { type PageState, pageReducer } from "./page-state.js";
import { type CellText, tokenCells } from "./token-cells.js";

/** A cell that a step changed. */
export type CellChange = readonly [
  /** `row * seq + position` */
  index: number,
  /** What it shows now; null: masked again. */
  text: string | null,
  /** Probability that its token was drawn with; left out where it is unknown. */
  probability?: number,
];

/** A run as it is shown, without model and tokenizer: plain JSON. Frame 0 is the page before the first step. */
export interface Recording {
  /** Name of the sampler, or whatever the viewer should read above the page. */
  readonly title: string;
  readonly batch: number;
  readonly seq: number;
  /** What each cell shows in frame 0, null where a mask stands; shape [batch * seq]. */
  readonly cells: readonly (string | null)[];
  /** 1 for what was given, prompt and frame; shape [batch * seq]. */
  readonly given: readonly (0 | 1)[];
  /** True where a token is a word or a piece of one, false where it is a character or a byte. */
  readonly wideTokens: boolean;
  readonly frames: readonly RecordedFrame[];
}

/** What a step did. */
export interface RecordedFrame {
  readonly changes: readonly CellChange[];
  /** Positions that are still masked. */
  readonly masked: number;
  /** Passes through the model so far. */
  readonly forwards: number;
  /** Mean entropy of the masked positions before the step, in nats, where the model was asked about any. */
  readonly entropy?: number;
  /** Milliseconds since the run began, where they were measured. */
  readonly elapsedMs?: number;
  /** True where the changes were made by hand, between two runs (`joinRecordings`). */
  readonly edited?: boolean;
}

export interface RecordingOptions {
  readonly title: string;
  /** Default: found out from the tokenizer. */
  readonly wideTokens?: boolean;
  /** Measure the time of each step, without what the consumer of the events takes. Default false, as for a file's events. */
  readonly timed?: boolean;
}

/** Hands on the events of a run and keeps what is to be seen of them. */
export interface Recorder {
  readonly events: AsyncGenerator<GenerationEvent, void, void>;
  /** What was recorded so far. @throws TypeError before the first event */
  recording(): Recording;
}

/**
 * Records a run while it is handed on.
 *
 * ```ts
 * const { events, recording } = record(model.stream({ prompts: ["The fox"] }), tokenizer, { title: "confidence" });
 * for await (const event of events) console.log(event.kind);
 * await writeFile("fox.html", replayHtml([recording()]));
 * ```
 */
export function record(
  events: AsyncIterable<GenerationEvent>,
  tokenizer: Tokenizer,
  { title, wideTokens, timed = false }: RecordingOptions,
): Recorder {
  const reduce = pageReducer(tokenizer, title, wideTokens);
  let page: PageState | undefined;
  let first: Omit<Recording, "frames"> | undefined;
  let shown: CellText[] = [];
  const frames: RecordedFrame[] = [];

  async function* recorded(): AsyncGenerator<GenerationEvent, void, void> {
    const startedAt = performance.now();
    let elsewhereMs = 0; // a terminal shows each step for a while
    for await (const event of events) {
      page = reduce(page, event);
      const cells = cellsOf(page);
      if (first === undefined) first = firstFrame(page, cells);
      else {
        const changes = changesOf(page, shown, cells);
        // The end of a run without anything new, as of one whose last step settled all, is no frame of its own.
        if (event.kind === "step" || changes.length > 0) {
          const { masked, forwards } = page;
          const elapsedMs = timed ? Math.round(performance.now() - startedAt - elsewhereMs) : undefined;
          const { maskedEntropy } = event.kind === "step" ? event : {};
          frames.push({
            changes,
            masked,
            forwards,
            ...(maskedEntropy !== undefined && { entropy: Number(maskedEntropy.toFixed(4)) }),
            ...(elapsedMs !== undefined && { elapsedMs }),
          });
        }
      }
      shown = cells;
      const handedOnAt = performance.now();
      yield event;
      elsewhereMs += performance.now() - handedOnAt;
    }
  }

  return {
    events: recorded(),
    recording: () => {
      if (first === undefined) throw new TypeError("Nothing was recorded: read the events first");
      return { ...first, frames: [...frames] };
    },
  };
}

/** Records a run to its end, a trace's for example. */
export async function recordAll(
  events: AsyncIterable<GenerationEvent>,
  tokenizer: Tokenizer,
  options: RecordingOptions,
): Promise<Recording> {
  const recorder = record(events, tokenizer, options);
  for await (const _ of recorder.events);
  return recorder.recording();
}

// --- internal ---

function cellsOf({ tokenizer, ids, editable, batch, seq }: PageState): CellText[] {
  return Array.from({ length: batch }, (_, row) =>
    tokenCells(
      tokenizer,
      ids.subarray(row * seq, (row + 1) * seq),
      editable.subarray(row * seq, (row + 1) * seq),
    ),
  ).flat();
}

function firstFrame(page: PageState, cells: readonly CellText[]): Omit<Recording, "frames"> {
  const { title, batch, seq, editable, wideTokens } = page;
  return {
    title,
    batch,
    seq,
    cells: cells.map((text) => text ?? null),
    given: Array.from(editable, (each) => (each === 1 ? 0 : 1)),
    wideTokens,
  };
}

function changesOf(page: PageState, before: readonly CellText[], after: readonly CellText[]): CellChange[] {
  return after.flatMap((text, index): CellChange[] => {
    if (text === before[index] && page.changed[index] === 0) return [];
    const probability = page.probability[index];
    if (text === undefined || !Number.isFinite(probability)) return [[index, text ?? null]];
    return [[index, text, Number(probability.toFixed(3))]];
  });
}
