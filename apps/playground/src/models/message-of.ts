import { DiffusionError } from "@textdiffusion/core";
import { refused } from "./own-model.js";

/** What the page says of an error: ours as they are, and what browsers throw for want of memory in our words. */
export function messageOf(error: unknown): string {
  if (DiffusionError.is(error)) return error.message;
  const message = error instanceof Error ? error.message : String(error);
  if (!/allocat|out of memory|bad_alloc|grow memory/i.test(message)) return message;
  return refused(
    `expected memory for the model and the text, got none left: ${message}`,
    "Close other pages, write a shorter text, or take a smaller model",
    "RUNTIME_FAILED",
    error,
  ).message;
}
