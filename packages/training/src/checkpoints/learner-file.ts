import { type FileHandle, open } from "node:fs/promises";
import {
  decodeSafetensorsHeader,
  decodeSafetensorsTensor,
  encodeSafetensorsTensor,
  layoutSafetensors,
  type NamedArray,
  safetensorsHeaderEnd,
  safetensorsPrefixBytes,
} from "@textdiffusion/core";

/** The name of this file in a checkpoint. */
export const LEARNER_FILE = "learner.safetensors";

/** Writes a learner's state as a safetensors file, one array at a time: it may be larger than memory has left. */
export async function writeLearnerFile(
  path: string,
  state: Readonly<Record<string, NamedArray>>,
): Promise<void> {
  const layout = layoutSafetensors(new Map(Object.entries(state).map(([name, { shape }]) => [name, shape])));
  const handle = await open(path, "w");
  try {
    await handle.writeFile(layout.start);
    for (const name of layout.names) await handle.writeFile(encodeSafetensorsTensor(name, state[name]));
  } finally {
    await handle.close();
  }
}

/** @throws DiffusionError `MODEL_INVALID` for a file that is not one of safetensors */
export async function readLearnerFile(path: string): Promise<Record<string, NamedArray>> {
  const handle = await open(path, "r");
  try {
    const { size } = await handle.stat();
    const prefix = await readRange(handle, 0, Math.min(size, safetensorsPrefixBytes));
    const start = await readRange(handle, 0, safetensorsHeaderEnd(prefix, size, path));
    const state: Record<string, NamedArray> = {};
    for (const entry of decodeSafetensorsHeader(start, size, path).tensors.values()) {
      const bytes = await readRange(handle, entry.begin, entry.end);
      state[entry.name] = decodeSafetensorsTensor(entry, bytes, path);
    }
    return state;
  } finally {
    await handle.close();
  }
}

// --- internal ---

async function readRange(handle: FileHandle, begin: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - begin);
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, begin + filled);
    if (bytesRead === 0) break; // shorter than it said a moment ago: the decoder reports what is missing
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
