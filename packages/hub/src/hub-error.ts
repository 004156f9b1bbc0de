import { DiffusionError } from "@textdiffusion/core";

/** @param remedy - a sentence without its full stop */
export function hubError(
  problem: string,
  remedy: string,
  { cause, ...details }: { readonly cause?: unknown; readonly status?: number } = {},
): DiffusionError {
  return new DiffusionError({ code: "HUB_FAILED", component: "hub", problem, remedy, details, cause });
}

/** @throws DiffusionError `ABORTED` */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new DiffusionError({
    code: "ABORTED",
    component: "hub",
    problem: "expected to download all files, got a signal to stop",
    remedy: "Do the same again: it goes on with what is there",
  });
}
