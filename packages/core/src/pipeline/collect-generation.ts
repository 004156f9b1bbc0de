import { match } from "ts-pattern";
import type { GenerationEvent } from "../loop/events.js";

export interface Generation {
  /** One text a row, prompt included, special tokens left out. */
  readonly texts: readonly string[];
  /** shape [batch, seq] */
  readonly ids: Int32Array;
  readonly seq: number;
  readonly steps: number;
  readonly forwards: number;
}

/**
 * What a run wrote, once it has ended.
 *
 * @param decode - gives the text of each row; ids have shape [batch, seq]
 */
export async function collectGeneration(
  events: AsyncIterable<GenerationEvent>,
  decode: (ids: Int32Array, seq: number) => Promise<readonly string[]>,
): Promise<Generation> {
  let seq = 0;
  let generation: Generation | undefined;
  for await (const event of events) {
    await match(event)
      .with({ kind: "started" }, (started) => {
        seq = started.seq;
      })
      .with({ kind: "step" }, () => undefined)
      .with({ kind: "finished" }, async ({ ids, steps, forwards }) => {
        generation = { texts: await decode(ids, seq), ids, seq, steps, forwards };
      })
      .exhaustive();
  }
  return generation as Generation; // the loop ends with "finished" or throws
}
