import { DiffusionError } from "./diffusion-error.js";

/**
 * Runs `write` and turns what the file system refuses into a DiffusionError. Other errors pass.
 *
 * @param component - whose error it is, `package/component`
 * @throws DiffusionError `FILE_NOT_WRITABLE` that names `path`
 */
export async function writingFile<Result>(
  component: string,
  path: string,
  write: () => Promise<Result>,
): Promise<Result> {
  try {
    return await write();
  } catch (cause) {
    if (!(cause instanceof Error) || !("syscall" in cause)) throw cause;
    throw new DiffusionError({
      code: "FILE_NOT_WRITABLE",
      component,
      problem: `expected to write ${path}, got ${cause.message}`,
      remedy: "Free space, correct permissions or choose another folder. What was saved before is whole",
      details: { path },
      cause,
    });
  }
}
