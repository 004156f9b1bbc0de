import {
  type GenerationEvent,
  hasWideTokens,
  type PositionChange,
  type StepFinished,
  type Tokenizer,
} from "@textdiffusion/core";
import { match } from "ts-pattern";

/** Everything that one frame shows. Flat arrays, row after row, as in the events. */
export interface PageState {
  readonly tokenizer: Tokenizer;
  /** Name of the sampler, for the header. */
  readonly title: string;
  readonly batch: number;
  readonly seq: number;
  /** Current tokens; shape [batch, seq]. */
  readonly ids: Int32Array;
  /** 0 on prompt, frame and padding; shape [batch, seq]. */
  readonly editable: Uint8Array;
  /** What the last step did: 1 took a token, 2 went back to `[MASK]`, 0 neither; shape [batch, seq]. */
  readonly changed: Uint8Array;
  /** Probability that each settled token had when it was drawn, NaN where unknown; shape [batch, seq]. */
  readonly probability: Float64Array;
  /** Steps done. */
  readonly step: number;
  /** Steps planned, undefined for a sampler that runs until nothing is masked. */
  readonly steps: number | undefined;
  readonly masked: number;
  readonly maskedAtStart: number;
  readonly forwards: number;
  readonly finished: boolean;
  /** True where a token is a word or a piece of one, false where it is a character or a byte. */
  readonly wideTokens: boolean;
}

/** The page after `event`, given the page before it. Pages are never written to once returned. */
export type PageReducer = (page: PageState | undefined, event: GenerationEvent) => PageState;

/**
 * Follows a generation: the reducer that turns its events into pages.
 *
 * @param wideTokens - see `PageState`; found out from the tokenizer unless it is known
 */
export function pageReducer(
  tokenizer: Tokenizer,
  title: string,
  wideTokens = hasWideTokens(tokenizer),
): PageReducer {
  return (page, event) =>
    match(event)
      .with({ kind: "started" }, (started): PageState => {
        const { mask } = tokenizer.special;
        const masked = started.ids.filter((id, index) => started.editable[index] === 1 && id === mask).length;
        return {
          tokenizer,
          title,
          batch: started.batch,
          seq: started.seq,
          ids: started.ids,
          editable: started.editable,
          changed: new Uint8Array(started.ids.length),
          probability: started.revealLogProbs.map(Math.exp),
          step: started.step,
          steps: started.steps,
          masked,
          maskedAtStart: masked,
          forwards: started.forwards,
          finished: false,
          wideTokens,
        };
      })
      .with({ kind: "step" }, (step) => afterStep(opened(page), step))
      .with({ kind: "finished" }, ({ ids, forwards }) => ({
        ...opened(page),
        ids,
        changed: new Uint8Array(ids.length),
        masked: 0,
        forwards,
        finished: true,
      }))
      .exhaustive();
}

// --- internal ---

function opened(page: PageState | undefined): PageState {
  if (page === undefined) throw new TypeError('The first event of a generation must be "started"');
  return page;
}

function afterStep(page: PageState, event: StepFinished): PageState {
  const { revealed, confirmed, remasked, step, masked, forwards } = event;
  const ids = page.ids.slice();
  const changed = new Uint8Array(ids.length);
  const probability = page.probability.slice();
  const write = (change: PositionChange, mark: number) => {
    const index = change.row * page.seq + change.position;
    ids[index] = change.to;
    changed[index] = mark;
    probability[index] = change.logProb === undefined ? Number.NaN : Math.exp(change.logProb);
  };
  for (const change of revealed) write(change, 1);
  for (const change of confirmed) write(change, 0);
  for (const change of remasked) write(change, 2);
  return { ...page, ids, changed, probability, step: step + 1, masked, forwards };
}
