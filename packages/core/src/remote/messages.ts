import type { ErrorCode } from "../errors/diffusion-error.js";
import type { GenerationEvent } from "../loop/events.js";
import type { GenerationRequest } from "../pipeline/pipeline.js";

/** Other messages may pass the same channel: ours carry this. */
export const protocol = "textdiffusion/pipeline/1";

/** What is asked of the pipeline at the other end. A number names a run, or one question. */
export type Ask = { readonly protocol: typeof protocol; readonly to: "pipeline"; readonly id: number } & (
  | { readonly kind: "stream"; readonly request: Omit<GenerationRequest, "signal"> }
  /** One more event: nothing is computed before it is asked for. */
  | { readonly kind: "next" }
  | { readonly kind: "abort" }
  /** The reader left. */
  | { readonly kind: "leave" }
  | { readonly kind: "decode"; readonly ids: Int32Array; readonly seq: number }
);

export type Answer = { readonly protocol: typeof protocol; readonly to: "caller"; readonly id: number } & (
  | { readonly kind: "event"; readonly event: GenerationEvent }
  | { readonly kind: "end" }
  | { readonly kind: "texts"; readonly texts: readonly string[] }
  | { readonly kind: "failed"; readonly error: SentError }
);

/** An error as it passes a channel, which keeps no classes. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  /** Of a DiffusionError. */
  readonly parts?: {
    readonly code: ErrorCode;
    readonly component: string;
    readonly problem: string;
    readonly remedy: string;
  };
}

export function isAsk(data: unknown): data is Ask {
  return isOurs(data) && (data as Partial<Ask>).to === "pipeline";
}

export function isAnswer(data: unknown): data is Answer {
  return isOurs(data) && (data as Partial<Answer>).to === "caller";
}

// --- internal ---

function isOurs(data: unknown): boolean {
  return typeof data === "object" && data !== null && (data as Partial<Ask>).protocol === protocol;
}
