import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readText } from "./read-text.js";

const scratch = mkdtempSync(join(tmpdir(), "textdiffusion-text-"));
afterAll(() => rmSync(scratch, { recursive: true }));

function fileOf(name: string, bytes: readonly number[] | string): string {
  const file = join(scratch, name);
  writeFileSync(file, typeof bytes === "string" ? bytes : Uint8Array.from(bytes));
  return file;
}

describe("readText", () => {
  it("gives the text as it is, without the byte-order mark", async () => {
    const text = "Zażółć\r\n\tgęślą 你好 👩‍💻\n";
    expect(await readText(fileOf("plain.txt", text))).toBe(text);
    expect(await readText(fileOf("marked.txt", `\ufeff${text}`))).toBe(text);
  });

  it("says what is missing", async () => {
    await expect(readText(join(scratch, "none.txt"))).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
      message: expect.stringContaining("none.txt, got none"),
    });
    await expect(readText(scratch)).rejects.toMatchObject({
      code: "DATA_INVALID",
      message: expect.stringMatching(/expected a text file .* got a folder/),
    });
  });

  it.each([
    ["nothing", ""],
    ["white space", " \n\t\r\n\u2003"],
    ["a byte-order mark", "\ufeff"],
  ])("refuses a file of %s", async (name, content) => {
    await expect(readText(fileOf(`${name}.txt`, content))).rejects.toMatchObject({ code: "DATA_INVALID" });
  });

  // The offset of the first byte of the first sequence that is no character (RFC 3629, section 4).
  it.each([
    ["a stray continuation", [0x61, 0x62, 0x80, 0x63], 2],
    ["Latin-1", [0x63, 0x61, 0x66, 0xe9, 0x20], 3],
    ["a character broken off by another", [0xc3, 0xa9, 0xe2, 0x82, 0x61], 2],
    ["a character cut off by the end", [0x61, 0xf0, 0x9f, 0x91], 1],
    ["an overlong form", [0x61, 0x61, 0xc0, 0xaf], 2],
    ["a surrogate", [0xed, 0xa0, 0x80], 0],
    ["beyond Unicode", [0x61, 0xf4, 0x90, 0x80, 0x80], 1],
    ["after a byte-order mark", [0xef, 0xbb, 0xbf, 0x61, 0xff], 4],
  ])("names the place of %s", async (name, bytes, offset) => {
    const hex = bytes[offset].toString(16).padStart(2, "0");
    await expect(readText(fileOf(`${name}.bin`, bytes))).rejects.toMatchObject({
      code: "DATA_INVALID",
      message: expect.stringContaining(`(0x${hex}) at offset ${offset}`),
    });
  });
});
