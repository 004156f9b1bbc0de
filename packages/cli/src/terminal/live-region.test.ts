import { describe, expect, it } from "vitest";
import { LiveRegion } from "./live-region.js";

/** What a terminal shows after everything that was written, for the sequences that a live region uses. */
class Screen {
  readonly isTTY = true;
  lines = [""];
  cursor = true;
  row = 0;
  private column = 0;

  constructor(public columns = 20) {}

  write(text: string): void {
    const [plain, ...commanded] = text.split("\x1b");
    this.type(plain);
    for (const part of commanded) {
      const command = /^\[\??\d*[A-Za-z]/.exec(part)?.[0] ?? "";
      this.obey(command);
      this.type(part.slice(command.length));
    }
  }

  private type(text: string): void {
    for (const character of text) {
      if (character === "\n") [this.row, this.column] = [this.row + 1, 0];
      else if (character === "\r") this.column = 0;
      else {
        this.lines[this.row] = this.left() + character + this.lines[this.row].slice(this.column + 1);
        this.column++;
      }
      this.lines[this.row] ??= "";
    }
  }

  private obey(command: string): void {
    if (command === "[?25l") this.cursor = false;
    else if (command === "[?25h") this.cursor = true;
    else if (command === "[J") this.lines = [...this.lines.slice(0, this.row), this.left()];
    else if (command === "[K") this.lines[this.row] = this.left();
    else if (command.endsWith("A")) this.row -= Number.parseInt(command.slice(1), 10);
  }

  /** The line up to the cursor. */
  private left(): string {
    return this.lines[this.row].slice(0, this.column);
  }
}

describe("LiveRegion", () => {
  it("replaces one frame by the next, also by a shorter one", () => {
    const screen = new Screen();
    const region = new LiveRegion(screen);
    region.draw("one\ntwo\nthree");
    region.draw("1\n2");
    expect(screen.lines).toEqual(["1", "2"]);
  });

  it("puts printed lines above the frame, where they stay", () => {
    const screen = new Screen();
    const region = new LiveRegion(screen);
    region.draw("first\nframe");
    region.print("a note");
    region.draw("second\nframe");
    expect(screen.lines).toEqual(["a note", "second", "frame"]);
  });

  it("hides the cursor while it draws and shows it again below the last frame", () => {
    const screen = new Screen();
    const region = new LiveRegion(screen);
    region.draw("frame");
    expect(screen.cursor).toBe(false);
    region.close();
    expect([screen.cursor, screen.row, screen.lines]).toEqual([true, 1, ["frame", ""]]);
    region.close();
    expect(screen.row).toBe(1);
  });

  it("shows the cursor again when the process ends without closing", () => {
    const screen = new Screen();
    const listeners = process.listenerCount("exit");
    new LiveRegion(screen).draw("frame");
    expect(process.listenerCount("exit")).toBe(listeners + 1);
    (process.listeners("exit").at(-1) as () => void)();
    expect([screen.cursor, process.listenerCount("exit")]).toEqual([true, listeners]);
  });

  it("counts the lines that a narrower window makes of the last frame", () => {
    const written: string[] = [];
    const stream = { isTTY: true, columns: 20, write: (text: string) => written.push(text) };
    const region = new LiveRegion(stream);
    region.draw(`${"x".repeat(16)}\n${"y".repeat(5)}`);
    stream.columns = 8; // 16 columns are now two lines
    region.draw("z");
    region.close();
    expect(written[1]).toContain("\x1b[2A");
  });
});
