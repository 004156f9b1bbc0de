/** Every code that an error of the framework can carry. Callers match on these, never on message text. */
export type ErrorCode =
  | "ABORTED"
  | "BACKEND_UNAVAILABLE"
  | "CHECKPOINT_INVALID"
  | "CONFIG_INVALID"
  | "CONSTRAINT_INVALID"
  | "DATA_INVALID"
  | "DISPOSED"
  | "DUPLICATE_COMPONENT"
  | "FILE_NOT_FOUND"
  | "FILE_NOT_WRITABLE"
  | "HUB_FAILED"
  | "LOCK_VIOLATED"
  | "MODEL_INVALID"
  | "NOT_A_NUMBER"
  | "PLUGIN_FAILED"
  | "PLUGIN_INVALID"
  | "PROMPT_INVALID"
  | "RUNTIME_FAILED"
  | "SAMPLER_INVALID"
  | "SHAPE_MISMATCH"
  | "TOKEN_OUT_OF_RANGE"
  | "TRACE_DIFFERS"
  | "TRACE_INVALID"
  | "UNKNOWN_COMPONENT"
  | "UNKNOWN_OPTION"
  | "UNSUPPORTED";

/** A brand in the global symbol registry, so that two copies of core recognise each other's errors. */
const brand = Symbol.for("@textdiffusion/core:DiffusionError");

export interface DiffusionErrorParts {
  readonly code: ErrorCode;
  /** `package/component`, as in `samplers/confidence`. */
  readonly component: string;
  /** What was expected, and what was found. */
  readonly problem: string;
  /** What the reader should do next. */
  readonly remedy: string;
  /** The values behind the sentence, for programs. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The one error class: `[package/component] expected X, got Y. What to do. (CODE)`. */
export class DiffusionError extends Error {
  readonly code: ErrorCode;
  readonly component: string;
  /** `expected X, got Y`, without a full stop. */
  readonly problem: string;
  /** What to do, without a full stop. */
  readonly remedy: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(parts: DiffusionErrorParts) {
    super(`[${parts.component}] ${parts.problem}. ${parts.remedy} (${parts.code})`, { cause: parts.cause });
    this.name = "DiffusionError";
    this.code = parts.code;
    this.component = parts.component;
    this.problem = parts.problem;
    this.remedy = parts.remedy;
    this.details = parts.details ?? {};
    Object.defineProperty(this, brand, { value: true });
  }

  /** True for any copy's DiffusionError, and only for the given code when one is named. */
  static is(error: unknown, code?: ErrorCode): error is DiffusionError {
    if (typeof error !== "object" || error === null || !(brand in error)) return false;
    return code === undefined || (error as unknown as DiffusionError).code === code;
  }
}

/** `"a", "b", "c"`, sorted: how messages list what is known. */
export function listNames(names: Iterable<string>): string {
  const sorted = [...names].sort();
  return sorted.length === 0 ? "none" : sorted.map((name) => `"${name}"`).join(", ");
}
