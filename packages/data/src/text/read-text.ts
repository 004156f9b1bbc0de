import { DiffusionError } from "@textdiffusion/core";
import { utf8Text } from "./utf8.js";

/**
 * The text of a UTF-8 file, without its byte-order mark. Node only.
 *
 * @throws DiffusionError `FILE_NOT_FOUND`; `DATA_INVALID` for a folder, a file without text, or bytes that are not
 *   UTF-8 (with the offset of the first)
 */
export async function readText(file: string): Promise<string> {
  const { readFile, stat } = await import("node:fs/promises"); // here, so that the package loads in a browser
  let bytes: Uint8Array;
  try {
    if ((await stat(file)).isDirectory()) throw invalid(file, "a text file", "a folder", "Name a file in it");
    bytes = await readFile(file);
  } catch (cause) {
    if (DiffusionError.is(cause)) throw cause;
    const absent = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw new DiffusionError({
      code: "FILE_NOT_FOUND",
      component: "data/text",
      problem: `expected a readable text file ${file}, got ${absent ? "none" : String(cause)}`,
      remedy: "Correct the path",
      details: { file },
      cause,
    });
  }
  const text = utf8Text(bytes, (offset) =>
    invalid(
      file,
      "UTF-8",
      `a byte that is not (0x${bytes[offset].toString(16).padStart(2, "0")}) at offset ${offset}`,
      "Convert the file to UTF-8",
    ),
  ).replace(/^\uFEFF/, "");
  if (text.trim() === "")
    throw invalid(file, "text", `${bytes.length} bytes without any`, "Name another file");
  return text;
}

// --- internal ---

function invalid(file: string, expected: string, got: string, remedy: string): DiffusionError {
  return new DiffusionError({
    code: "DATA_INVALID",
    component: "data/text",
    problem: `expected ${expected} in ${file}, got ${got}`,
    remedy,
    details: { file },
  });
}
