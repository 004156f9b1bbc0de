import type { GraphicsProcessors } from "@textdiffusion/tfjs-backends";

/** What a page or a Worker has, and Node may not. */
export const page = globalThis as {
  readonly crossOriginIsolated?: boolean;
  readonly navigator?: { readonly hardwareConcurrency?: number; readonly gpu?: GraphicsProcessors };
};

/** Threads that may share memory: one, unless the page is cross-origin isolated. */
export function threadsHere(): number {
  return page.crossOriginIsolated ? (page.navigator?.hardwareConcurrency ?? 1) : 1;
}
