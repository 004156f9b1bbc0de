import { type PageState, pageReducer } from "@textdiffusion/render";
import type { GenerationEvent, Tokenizer } from "textdiffusion";
import { LiveRegion, type TerminalStream } from "../terminal/live-region.js";
import type { Paint } from "../terminal/paint.js";
import { renderFrame } from "./render-frame.js";

export interface AnimationOptions {
  readonly tokenizer: Tokenizer;
  /** True where tokens are words or pieces of words. Default: found out from the tokenizer. */
  readonly wideTokens?: boolean;
  /** Name of the sampler. */
  readonly title: string;
  readonly stream: TerminalStream;
  readonly paint: Paint;
  /** Colour settled tokens by confidence. Default false. */
  readonly confidence?: boolean;
  /** Shortest time between two steps on the screen, so that a fast model can be followed. Default 0. */
  readonly stepMs?: number;
}

/**
 * Shows a generation as it happens and hands every event on. The last page stays on the screen, in full; a generation
 * that fails or is left early leaves the page as it was.
 */
export async function* animate(
  events: AsyncIterable<GenerationEvent>,
  { tokenizer, wideTokens, title, stream, paint, confidence, stepMs = 0 }: AnimationOptions,
): AsyncGenerator<GenerationEvent, void, void> {
  const reduce = pageReducer(tokenizer, title, wideTokens);
  const region = new LiveRegion(stream);
  const startedAt = performance.now();
  let page: PageState | undefined;
  let drawnAt = Number.NEGATIVE_INFINITY;
  try {
    for await (const event of events) {
      page = reduce(page, event);
      const waitMs = drawnAt + stepMs - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      drawnAt = performance.now();
      const options = { height: region.height, elapsedMs: drawnAt - startedAt, paint, confidence };
      region.draw(renderFrame(page, region.width, options));
      yield event;
    }
  } finally {
    region.close();
  }
}
