import { stripVTControlCharacters } from "node:util";
import { displayWidth } from "@textdiffusion/render";

/** A terminal, or what a test puts in its place. */
export interface TerminalStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

/**
 * The last lines of a terminal, drawn again and again in place. Hides the cursor on the first frame; `close` shows it
 * again, and so does the end of the process, however it comes.
 */
export class LiveRegion {
  private widths: number[] = [];
  private frame = "";
  private open = false;
  private readonly closeAtExit = () => this.close();

  constructor(private readonly stream: TerminalStream) {}

  /** Columns of the terminal, 80 where it does not say. */
  get width(): number {
    return this.stream.columns || 80;
  }

  /** Lines of the terminal, 24 where it does not say. */
  get height(): number {
    return this.stream.rows || 24;
  }

  /** Replaces the previous frame. Lines must fit the width; a frame taller than the terminal cannot be replaced. */
  draw(frame: string): void {
    this.frame = frame;
    const lines = frame.split("\n");
    let output = "";
    if (!this.open) {
      this.open = true;
      process.once("exit", this.closeAtExit);
      output += "\x1b[?25l";
    }
    // Mode 2026 shows the whole frame at once; terminals without it ignore the request.
    output += `\x1b[?2026h${this.goToTop()}${lines.map((line) => `${line}\x1b[K`).join("\n")}\x1b[J\x1b[?2026l`;
    this.widths = lines.map((line) => displayWidth(stripVTControlCharacters(line)));
    this.stream.write(output);
  }

  /** Puts a line above the frame, where it stays. */
  print(line: string): void {
    if (!this.open) {
      this.stream.write(`${line}\n`);
      return;
    }
    this.stream.write(`${this.goToTop()}\x1b[J${line}\n`);
    this.widths = [];
    this.draw(this.frame);
  }

  /** Leaves the last frame on the screen and the cursor below it. */
  close(): void {
    if (!this.open) return;
    this.open = false;
    this.widths = [];
    process.off("exit", this.closeAtExit);
    this.stream.write("\n\x1b[?25h");
  }

  // --- internal ---

  /** Up to the first line of the last frame, which a narrower terminal may have wrapped since. */
  private goToTop(): string {
    const rows = this.widths.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / this.width)), 0);
    return rows > 1 ? `\r\x1b[${rows - 1}A` : "\r";
  }
}
