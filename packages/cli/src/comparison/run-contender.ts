import { setImmediate } from "node:timers/promises";
import { type PageState, pageReducer, type Recording, record } from "@textdiffusion/render";
import type { GenerationEvent, GenerationRequest, Pipeline } from "textdiffusion";

/** A model that takes part in a comparison. */
export interface Contender {
  /** What is written above its text. */
  readonly title: string;
  readonly folder: string;
  readonly model: Pick<Pipeline, "stream" | "get">;
}

/** A page as it was at a time of its run. */
export interface TimedPage {
  readonly page: PageState;
  /** Since the run began; ms. */
  readonly atMs: number;
}

/** What one model wrote, and what that took. */
export interface ContenderResult {
  readonly title: string;
  readonly folder: string;
  /** The prompt included. */
  readonly text: string;
  /** Tokens of its own vocabulary that it wrote. */
  readonly tokens: number;
  /** Bytes of UTF-8 that those are. */
  readonly bytes: number;
  readonly forwards: number;
  /** The first run of a process, in which a backend compiles what it then repeats; ms. */
  readonly firstMs: number;
  /** The same run again; ms. */
  readonly againMs: number;
  /** The second run. */
  readonly recording: Recording;
  /** The same as pages, for a terminal. */
  readonly pages: readonly TimedPage[];
}

/** Writes the same text twice. What keeps the pages is not counted in the times. */
export async function runContender(
  { title, folder, model }: Contender,
  request: GenerationRequest,
): Promise<ContenderResult> {
  const tokenizer = await model.get("tokenizer");
  const first = { ms: 0 };
  await drained(clocked(model.stream(request), first));
  const again = { ms: 0 };
  const { events, recording } = record(clocked(model.stream(request), again), tokenizer, {
    title,
    timed: true,
  });
  const reduce = pageReducer(tokenizer, title);
  const pages: TimedPage[] = [];
  await drained(events, (event) => {
    pages.push({ page: reduce(pages.at(-1)?.page, event), atMs: again.ms });
  });
  const { ids, editable, forwards } = pages[pages.length - 1].page;
  const written = ids.filter((_, index) => editable[index] === 1);
  return {
    title,
    folder,
    text: tokenizer.decode(ids),
    tokens: written.length,
    bytes: Buffer.byteLength(tokenizer.decode(written)),
    forwards,
    firstMs: first.ms,
    againMs: again.ms,
    recording: recording(),
    pages,
  };
}

// --- internal ---

/** Hands events on and adds up how long they took to come. */
async function* clocked(
  events: AsyncGenerator<GenerationEvent, void, void>,
  clock: { ms: number },
): AsyncGenerator<GenerationEvent, void, void> {
  try {
    for (;;) {
      const askedAt = performance.now();
      const { value, done } = await events.next();
      clock.ms += performance.now() - askedAt;
      if (done) return;
      yield value;
    }
  } finally {
    await events.return();
  }
}

async function drained(
  events: AsyncIterable<GenerationEvent>,
  see: (event: GenerationEvent) => void = () => undefined,
): Promise<void> {
  for await (const event of events) {
    see(event);
    await setImmediate(); // backends that compute at once never let Ctrl-C be heard
  }
}
