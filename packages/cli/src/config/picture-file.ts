import { existsSync } from "node:fs";
import { open, rename, rm, writeFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { type Recording, replayGif, replayHtml, replayPng, replayText } from "@textdiffusion/render";
import { DiffusionError } from "textdiffusion";
import { match } from "ts-pattern";

/** What a picture is written as, by the ending of its file. */
export type PictureKind = "html" | "gif" | "png" | "svg" | "txt";

/** What a replay is written as. */
export type ReplayKind = Exclude<PictureKind, "svg">;

/** Says whether a file may get a replay, as `assertPictureFile` does. */
export function assertReplayFile(file: string): Promise<ReplayKind> {
  return assertPictureFile(file, ["gif", "html", "png", "txt"]);
}

/**
 * Says whether a file may get a picture, before anything is computed for it: it is new, or an earlier picture.
 *
 * @param kinds - that there are of this picture
 * @throws DiffusionError `CONFIG_INVALID` for another ending, `FILE_NOT_WRITABLE` for a file that is something
 *   else, and for a folder that is not there
 */
export async function assertPictureFile<Kind extends PictureKind>(
  file: string,
  kinds: readonly Kind[],
): Promise<Kind> {
  const ending = extname(file).slice(1).toLowerCase();
  const kind = kinds.find((each) => each === ending);
  if (kind === undefined) {
    throw new DiffusionError({
      code: "CONFIG_INVALID",
      component: "cli/picture",
      problem: `expected a file that ends in ${kinds.map((each) => `.${each}`).join(" or ")}, got ${file}`,
      remedy: "Its ending says what is written",
    });
  }
  if (!existsSync(dirname(file))) {
    throw new DiffusionError({
      code: "FILE_NOT_WRITABLE",
      component: "cli/picture",
      problem: `expected a folder that exists for ${file}, got none`,
      remedy: "Make the folder, or choose another one",
      details: { file },
    });
  }
  const start = await beginningOf(file);
  if (start === undefined || start.length === 0 || beginnings[kind].test(start.toString("utf8"))) return kind;
  throw new DiffusionError({
    code: "FILE_NOT_WRITABLE",
    component: "cli/picture",
    problem: `expected a new file or an earlier picture, got ${file}, which is something else`,
    remedy: "Choose another name",
    details: { file },
  });
}

/** Recordings as a picture of a kind. */
export function drawReplay(kind: ReplayKind, recordings: readonly Recording[]): string | Uint8Array {
  return match(kind)
    .with("html", () => replayHtml(recordings))
    .with("gif", () => replayGif(recordings))
    .with("png", () => replayPng(recordings))
    .with("txt", () => replayText(recordings))
    .exhaustive();
}

/** Writes a picture, whole or not at all. @throws DiffusionError `FILE_NOT_WRITABLE` */
export async function writePicture(file: string, content: string | Uint8Array): Promise<void> {
  const temporary = join(dirname(file), `.textdiffusion-${process.pid}${extname(file)}`);
  try {
    await writeFile(temporary, content);
    await rename(temporary, file);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new DiffusionError({
      code: "FILE_NOT_WRITABLE",
      component: "cli/picture",
      problem: `expected to write ${file}, got ${String(cause)}`,
      remedy: "Choose a folder that exists and can be written",
      details: { file },
      cause,
    });
  }
}

// --- internal ---

/** How our own files of a kind begin. */
const beginnings: Readonly<Record<PictureKind, RegExp>> = {
  gif: /^GIF8[79]a/,
  png: /^\uFFFDPNG\r\n/,
  txt: /^.* {2}step 0\/\d+ {2}\d+ masked\n/,
  svg: /^<svg [^>]*data-generator="textdiffusion"/,
  html: /^<!doctype html>[\s\S]{0,60}<meta charset="utf-8">\s*<meta name="generator" content="textdiffusion">/,
};

async function beginningOf(file: string): Promise<Buffer | undefined> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(file, "r");
  } catch {
    return undefined; // none there, or one that writing will complain of
  }
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(256), 0, 256, 0);
    return buffer.subarray(0, bytesRead);
  } catch (cause) {
    throw new DiffusionError({
      code: "FILE_NOT_WRITABLE",
      component: "cli/picture",
      problem: `expected a file, got ${file}: ${String(cause)}`,
      remedy: "Choose another name",
      cause,
    });
  } finally {
    await handle.close();
  }
}
