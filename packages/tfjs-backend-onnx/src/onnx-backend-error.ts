/** Every code that an error of this package can carry. Callers match on these, never on message text. */
export type OnnxBackendErrorCode =
  | "BACKEND_UNAVAILABLE"
  | "FILE_NOT_WRITABLE"
  | "INDEX_OUT_OF_RANGE"
  | "OPTION_INVALID"
  | "READ_SYNC_UNAVAILABLE"
  | "RUNTIME_FAILED"
  | "SHAPE_MISMATCH"
  | "UNSUPPORTED";

export interface OnnxBackendErrorParts {
  readonly code: OnnxBackendErrorCode;
  /** The part of the package that speaks, as in `kernels` or `run`. */
  readonly component: string;
  /** What was expected, and what was found. */
  readonly problem: string;
  /** What the reader should do next. */
  readonly remedy: string;
  readonly cause?: unknown;
}

/** The one error class: `[tfjs-backend-onnx/component] expected X, got Y. What to do. (CODE)`. */
export class OnnxBackendError extends Error {
  readonly code: OnnxBackendErrorCode;
  readonly component: string;
  /** What was expected, and what was found, without a full stop. */
  readonly problem: string;

  constructor({ code, component, problem, remedy, cause }: OnnxBackendErrorParts) {
    super(`[tfjs-backend-onnx/${component}] ${problem}. ${remedy}. (${code})`, { cause });
    this.name = "OnnxBackendError";
    this.code = code;
    this.component = component;
    this.problem = problem;
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
