import { DiffusionError, type ErrorCode } from "@textdiffusion/core";

/** @param remedy - a sentence without its full stop */
export function sourceError(
  code: Extract<ErrorCode, "CONFIG_INVALID" | "DATA_INVALID" | "FILE_NOT_FOUND">,
  problem: string,
  remedy: string,
  cause?: unknown,
): DiffusionError {
  return new DiffusionError({ code, component: "data/source", problem, remedy, cause });
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
