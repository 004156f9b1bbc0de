/** One end of a channel of messages: a Worker, what a Worker calls `self`, or a MessagePort; in browsers and in Node. */
export type MessageEnd = PostingEnd & (ListeningTarget | ListeningEmitter);

interface PostingEnd {
  // A method, so that the overloads of every such end fit.
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  start?(): void;
}

/** Of browsers. */
interface ListeningTarget {
  addEventListener(type: string, listener: (event: unknown) => void): void;
  removeEventListener(type: string, listener: (event: unknown) => void): void;
}

/** Of Node. */
interface ListeningEmitter {
  on(type: string, listener: (value: unknown) => void): unknown;
  off(type: string, listener: (value: unknown) => void): unknown;
}

export interface EndListener {
  message(data: unknown): void;
  /** The other end is gone, or could not be understood. Default: nothing happens. */
  broken?(why: string): void;
}

/** @returns ends the listening */
export function listenTo(end: MessageEnd, { message, broken = () => {} }: EndListener): () => void {
  const emits = "on" in end && typeof end.on === "function";
  const handlers: Readonly<Record<string, (value: unknown) => void>> = {
    message: (value: unknown) => message(emits ? value : (value as { readonly data: unknown }).data),
    error: (value: unknown) => broken((value as Partial<Error>)?.message || "an error without a message"),
    messageerror: () => broken("a message that cannot be read"),
    close: () => broken("the end of its channel"),
    exit: (code: unknown) => broken(`its end, with code ${code}`),
  };
  for (const [type, handler] of Object.entries(handlers)) {
    if (emits) (end as ListeningEmitter).on(type, handler);
    else (end as ListeningTarget).addEventListener(type, handler);
  }
  end.start?.();
  return () => {
    for (const [type, handler] of Object.entries(handlers)) {
      if (emits) (end as ListeningEmitter).off(type, handler);
      else (end as ListeningTarget).removeEventListener(type, handler);
    }
  };
}
