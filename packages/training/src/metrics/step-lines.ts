import { appendFile, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** A line of JSON at the end of the file. */
export async function appendLine(path: string, record: object): Promise<void> {
  await appendFile(path, `${JSON.stringify(record)}\n`);
}

/** Leaves the lines of steps up to `step`, in a new file that takes the old one's name. */
export async function cutAfter(path: string, step: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const text = await readFile(path, "utf8").catch(() => "");
  const kept = text.split("\n").filter((line) => stepOf(line) <= step);
  await writeFile(`${path}.new`, kept.map((line) => `${line}\n`).join(""));
  await rename(`${path}.new`, path);
}

// --- internal ---

/** Infinity for a line that is none of a step. */
function stepOf(line: string): number {
  try {
    return (JSON.parse(line) as { readonly step: number }).step;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
