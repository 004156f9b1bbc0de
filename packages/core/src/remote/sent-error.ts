import { DiffusionError } from "../errors/diffusion-error.js";
import type { SentError } from "./messages.js";

export function sendableError(error: unknown): SentError {
  if (DiffusionError.is(error)) {
    const { name, message, code, component, problem, remedy } = error;
    return { name, message, parts: { code, component, problem, remedy } };
  }
  if (error instanceof Error) return { name: error.name, message: error.message };
  return { name: "Error", message: String(error) };
}

/** The error as it was thrown at the other end, without its details and its cause. */
export function receivedError({ name, message, parts }: SentError): Error {
  return parts ? new DiffusionError(parts) : Object.assign(new Error(message), { name });
}
