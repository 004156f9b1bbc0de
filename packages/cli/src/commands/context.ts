import type { TerminalStream } from "../terminal/live-region.js";
import type { Paint } from "../terminal/paint.js";

/** What a command may touch of the process, so that nothing reads globals on the way. */
export interface CommandContext {
  /** How the user calls this command, for hints: `npx textdiffusion`. */
  readonly command: string;
  /** The folder that relative paths count from. */
  readonly folder: string;
  /** Results. */
  readonly out: TerminalStream;
  /** Progress, notes and errors. */
  readonly notes: TerminalStream;
  readonly paintOut: Paint;
  readonly paintNotes: Paint;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}
