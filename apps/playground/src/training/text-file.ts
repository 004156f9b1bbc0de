/** More would make the page slow; Node trains on it. */
const mostBytes = 2_000_000;

/**
 * The text of a file that somebody chose or dropped.
 *
 * @throws RangeError that says what was expected and what was found
 */
export async function readTextFile(file: File): Promise<string> {
  if (file.size > mostBytes) {
    throw new RangeError(
      `Expected a text of at most ${mostBytes / 1e6} MB, got ${(file.size / 1e6).toFixed(1)} MB in ${file.name}. Train on it in Node: see below`,
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
  } catch (cause) {
    throw new RangeError(`Expected a text in UTF-8, got other bytes in ${file.name}`, { cause });
  }
}
