import { setImmediate } from "node:timers/promises";
import { type Recording, record } from "@textdiffusion/render";
import type { Generation, GenerationEvent, GenerationRequest, Pipeline } from "textdiffusion";
import { match } from "ts-pattern";

/** A model that takes part in a comparison. */
export interface Contender {
  /** What is written above its text. */
  readonly title: string;
  readonly folder: string;
  readonly model: Pick<Pipeline, "stream" | "get">;
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
}

/**
 * Writes the same text twice, first unwatched.
 *
 * @param watch - what shows the second run; what it takes is not counted
 */
export async function runContender(
  { title, folder, model }: Contender,
  request: GenerationRequest,
  watch: (events: AsyncIterable<GenerationEvent>) => AsyncIterable<GenerationEvent>,
): Promise<ContenderResult> {
  const tokenizer = await model.get("tokenizer");
  const first = await timed(model.stream(request));
  const { events, recording } = record(model.stream(request), tokenizer, { title, timed: true });
  const again = await timed(watch(events));
  const { given, frames } = recording();
  const written = [...again.ids].filter((_, index) => given[index] === 0);
  const ends = frames.at(-1)?.elapsedMs;
  return {
    title,
    folder,
    text: tokenizer.decode(again.ids),
    tokens: written.length,
    bytes: Buffer.byteLength(tokenizer.decode(written)),
    forwards: again.forwards,
    firstMs: first.elapsedMs,
    againMs: ends ?? again.elapsedMs,
    recording: recording(),
  };
}

// --- internal ---

interface Timed extends Pick<Generation, "ids" | "forwards"> {
  readonly elapsedMs: number;
}

async function timed(events: AsyncIterable<GenerationEvent>): Promise<Timed> {
  const startedAt = performance.now();
  let end: Pick<Generation, "ids" | "forwards"> = { ids: new Int32Array(), forwards: 0 };
  for await (const event of events) {
    match(event)
      .with({ kind: "started" }, { kind: "step" }, () => undefined)
      .with({ kind: "finished" }, ({ ids, forwards }) => {
        end = { ids, forwards };
      })
      .exhaustive();
    await setImmediate(); // backends that compute at once never let Ctrl-C be heard
  }
  return { ...end, elapsedMs: performance.now() - startedAt };
}
