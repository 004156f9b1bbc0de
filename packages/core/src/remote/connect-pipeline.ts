import { DiffusionError } from "../errors/diffusion-error.js";
import type { GenerationEvent } from "../loop/events.js";
import { collectGeneration, type Generation } from "../pipeline/collect-generation.js";
import type { GenerationRequest } from "../pipeline/pipeline.js";
import { listenTo, type MessageEnd } from "./message-end.js";
import { type Answer, type Ask, isAnswer, protocol } from "./messages.js";
import { receivedError } from "./sent-error.js";

/** A pipeline in another thread. */
export interface RemotePipeline {
  /**
   * The generation as it happens; leaving the loop early stops it. Each event is computed when it is asked for.
   *
   * @throws DiffusionError what the pipeline throws; `UNSUPPORTED` for a request that cannot be sent, with a constraint
   *   say; `RUNTIME_FAILED` when the other thread ends
   */
  stream(request?: GenerationRequest): AsyncGenerator<GenerationEvent, void, void>;
  generate(request?: GenerationRequest): Promise<Generation>;
  /** Leaves the other end alone. Runs that go on fail with `DISPOSED`. The thread is the caller's to end. */
  close(): void;
}

/**
 * The other end of `servePipeline`, one for each channel: the same stream of events, and the same text for the same request and seed.
 *
 * ```ts
 * const pipeline = connectPipeline(new Worker(new URL("./worker.js", import.meta.url), { type: "module" }));
 * for await (const event of pipeline.stream({ prompts: ["ROMEO:"], seed: 7 })) show(event);
 * ```
 */
export function connectPipeline(end: MessageEnd): RemotePipeline {
  const waiting = new Map<number, Waiting>();
  let gone: DiffusionError | undefined;
  let last = 0;

  function send(id: number, ask: AskBody): void {
    end.postMessage({ protocol, to: "pipeline", id, ...ask }, []);
  }

  function ask(id: number, body: AskBody): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (gone) return reject(gone);
      waiting.set(id, { resolve, reject });
      send(id, body);
    });
  }

  function lose(error: DiffusionError): void {
    gone ??= error;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  }

  async function* stream({
    signal,
    ...request
  }: GenerationRequest = {}): AsyncGenerator<GenerationEvent, void, void> {
    const id = ++last;
    const abort = () => send(id, { kind: "abort" });
    let ended = false;
    if (gone) throw gone;
    try {
      send(id, { kind: "stream", request });
    } catch (error) {
      throw unsendable(error);
    }
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort);
    try {
      for (;;) {
        const answer = await ask(id, { kind: "next" }).catch((error) => {
          ended = true;
          throw error;
        });
        ended = answer.kind !== "event";
        if (answer.kind !== "event") return;
        yield answer.event;
      }
    } finally {
      signal?.removeEventListener("abort", abort);
      if (!ended && !gone) send(id, { kind: "leave" });
    }
  }

  async function decode(ids: Int32Array, seq: number): Promise<readonly string[]> {
    const answer = await ask(++last, { kind: "decode", ids, seq });
    return answer.kind === "texts" ? answer.texts : [];
  }

  const stop = listenTo(end, {
    message: (data) => {
      if (!isAnswer(data)) return;
      const asked = waiting.get(data.id);
      waiting.delete(data.id);
      if (data.kind === "failed") asked?.reject(receivedError(data.error));
      else asked?.resolve(data);
    },
    broken: (why) => lose(lost(why)),
  });

  return {
    stream,
    generate: (request) => collectGeneration(stream(request), decode),
    close() {
      stop();
      lose(closed());
    },
  };
}

// --- internal ---

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

type AskBody = Ask extends infer Each
  ? Each extends Ask
    ? Omit<Each, "protocol" | "to" | "id">
    : never
  : never;

const component = "core/remote";

function unsendable(cause: unknown): DiffusionError {
  return new DiffusionError({
    code: "UNSUPPORTED",
    component,
    problem: `expected a request that can be sent to another thread, got "${cause instanceof Error ? cause.message : cause}"`,
    remedy:
      "Send values only: a constraint is made of functions, and has to be made in the thread of the pipeline",
    cause,
  });
}

function lost(why: string): DiffusionError {
  return new DiffusionError({
    code: "RUNTIME_FAILED",
    component,
    problem: `expected the thread of the pipeline to go on, got ${why}`,
    remedy: "Start it again and connect to the new one",
  });
}

function closed(): DiffusionError {
  return new DiffusionError({
    code: "DISPOSED",
    component,
    problem: "expected an open connection to the thread of the pipeline, got a closed one",
    remedy: "Connect again",
  });
}
