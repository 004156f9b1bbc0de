import { match } from "ts-pattern";
import type { GenerationEvent } from "../loop/events.js";
import type { Pipeline } from "../pipeline/pipeline.js";
import { textsOf } from "../pipeline/texts-of.js";
import { listenTo, type MessageEnd } from "./message-end.js";
import { type Answer, type Ask, isAsk, protocol } from "./messages.js";
import { sendableError } from "./sent-error.js";

/**
 * Lets another thread write with a pipeline, through `connectPipeline` at the other end.
 *
 * ```ts
 * servePipeline(self, createPipeline({ ... })); // in a Worker; in one of Node: parentPort
 * ```
 *
 * Each event is computed when it is asked for, so that a slow reader holds the writing up and an abort is heard between
 * any two steps. The arrays of events are handed over, not copied. Several runs may go on at once, step by step in turn.
 *
 * @param pipeline - stays the caller's; where it fails to come about, each request fails with its error
 * @returns stops serving: runs that go on are left
 */
export function servePipeline(
  end: MessageEnd,
  pipeline: Pick<Pipeline, "stream" | "get"> | Promise<Pick<Pipeline, "stream" | "get">>,
): () => void {
  const runs = new Map<number, Run>();
  const ready = Promise.resolve(pipeline);
  ready.catch(() => undefined); // told to whoever asks

  function reply(id: number, answer: AnswerBody, transfer: ArrayBuffer[] = []): void {
    end.postMessage({ protocol, to: "caller", id, ...answer }, transfer);
  }

  async function stream(id: number, request: object): Promise<void> {
    const controller = new AbortController();
    const events = ready.then((serving) => serving.stream({ ...request, signal: controller.signal }));
    events.catch(() => undefined); // told with the first event
    runs.set(id, { events, controller });
  }

  async function next(id: number): Promise<void> {
    const run = runs.get(id);
    if (!run) return; // it was left
    const { done, value } = await (await run.events).next();
    if (!done) return reply(id, { kind: "event", event: value }, arraysOf(value));
    runs.delete(id);
    reply(id, { kind: "end" });
  }

  async function leave(id: number): Promise<void> {
    const run = runs.get(id);
    runs.delete(id);
    run?.controller.abort();
    await (await run?.events)?.return();
  }

  async function decode(id: number, ids: Int32Array, seq: number): Promise<void> {
    const tokenizer = await (await ready).get("tokenizer");
    reply(id, { kind: "texts", texts: textsOf(tokenizer, ids, seq) });
  }

  function answer(ask: Ask): Promise<void> {
    return match(ask)
      .with({ kind: "stream" }, ({ id, request }) => stream(id, request))
      .with({ kind: "next" }, ({ id }) => next(id))
      .with({ kind: "abort" }, async ({ id }) => runs.get(id)?.controller.abort())
      .with({ kind: "leave" }, ({ id }) => leave(id))
      .with({ kind: "decode" }, ({ id, ids, seq }) => decode(id, ids, seq))
      .exhaustive();
  }

  const stop = listenTo(end, {
    message: (data) => {
      if (!isAsk(data)) return;
      answer(data).catch((error) => {
        runs.delete(data.id);
        reply(data.id, { kind: "failed", error: sendableError(error) });
      });
    },
  });

  return () => {
    stop();
    for (const id of [...runs.keys()]) void leave(id).catch(() => undefined); // nobody is there to hear of it
  };
}

// --- internal ---

interface Run {
  readonly events: Promise<AsyncGenerator<GenerationEvent, void, void>>;
  readonly controller: AbortController;
}

type AnswerBody = Answer extends infer Each
  ? Each extends Answer
    ? Omit<Each, "protocol" | "to" | "id">
    : never
  : never;

/** The buffers of the arrays of an event, which belong to its reader. */
function arraysOf(event: GenerationEvent): ArrayBuffer[] {
  const values = event.kind === "step" ? Object.values(event.candidates) : Object.values(event);
  return values.filter((value) => ArrayBuffer.isView(value)).map(({ buffer }) => buffer as ArrayBuffer);
}
