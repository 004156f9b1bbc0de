import { existsSync } from "node:fs";
import { mkdir, open, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { DiffusionError } from "@textdiffusion/core";

/** What the files say of their origin. */
export const producerName = "textdiffusion";

/** Where an export goes. */
export interface ExportPlan {
  readonly file: string;
  /** The model folder around the file; undefined where only a file is wanted. */
  readonly folder?: string;
  /** Whether that folder is the exported model's own. */
  readonly isModelFolder: boolean;
  /** Whether the file is there already. */
  readonly replaces: boolean;
}

export interface ExportTarget {
  readonly model: string;
  readonly out: string;
  readonly force?: boolean;
}

/**
 * Decides where an export goes, and refuses to write over what somebody else made.
 *
 * @throws DiffusionError `FILE_NOT_WRITABLE`
 */
export async function planExport({ model, out, force = false }: ExportTarget): Promise<ExportPlan> {
  const isFile = out.endsWith(".onnx");
  const file = isFile ? out : join(out, "onnx", "model.onnx");
  const isModelFolder = !isFile && resolve(out) === resolve(model);
  const replaces = existsSync(file);
  if (!force) {
    if (replaces && !(await isOwn(file))) throw notOwn(file);
    const stranger = ["config.json", "model.safetensors"].map((name) => join(out, name)).find(existsSync);
    if (!isFile && !isModelFolder && !replaces && stranger !== undefined) throw notOwn(stranger);
  }
  return { file, folder: isFile ? undefined : out, isModelFolder, replaces };
}

/** @throws DiffusionError `FILE_NOT_WRITABLE` */
export async function makeFolders({ file }: ExportPlan): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
  } catch (cause) {
    throw new DiffusionError({
      code: "FILE_NOT_WRITABLE",
      component: "textdiffusion/export",
      problem: `expected a folder at ${dirname(file)}, got ${(cause as Error).message}`,
      remedy: "Choose another place for the export",
      cause,
    });
  }
}

/** Weights beside an earlier export, where the new one has them inside. */
export async function removeEarlierData({ file, replaces }: ExportPlan): Promise<void> {
  if (replaces) await rm(`${file}_data`, { force: true });
}

// --- internal ---

/** The producer is the second field of a file, after the version of its format. */
async function isOwn(file: string): Promise<boolean> {
  const handle = await open(file).catch(() => undefined);
  if (!handle) return false;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0);
    const start = Buffer.concat([Buffer.of(0x12, producerName.length), Buffer.from(producerName)]);
    return buffer.subarray(0, bytesRead).includes(start);
  } catch {
    return false;
  } finally {
    await handle.close();
  }
}

function notOwn(found: string): DiffusionError {
  return new DiffusionError({
    code: "FILE_NOT_WRITABLE",
    component: "textdiffusion/export",
    problem: `expected a new place or that of an earlier export, got ${found}, which was not exported from here`,
    remedy: "Choose another place, or pass force: true (--force on the command line) to write over it",
    details: { found },
  });
}
