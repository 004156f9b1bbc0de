import {
  DiffusionError,
  decodeSafetensorsHeader,
  decodeSafetensorsTensor,
  type NamedArray,
  type SafetensorsEntry,
  safetensorsHeaderEnd,
  safetensorsPrefixBytes,
} from "@textdiffusion/core";
import { z } from "zod";
import { fileSystem, notFound, parseJson, pathIn, readTextIfPresent, unreadable } from "./file-system.js";

/** The tensors of a folder, read one at a time. */
export interface TensorFiles {
  /** Every tensor of the folder, under the name in its file. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  /** @throws DiffusionError `MODEL_INVALID` for a tensor that holds no floats */
  read(name: string): Promise<NamedArray>;
  close(): Promise<void>;
}

/**
 * Opens `model.safetensors`, or the shards that `model.safetensors.index.json` lists, and checks their headers.
 *
 * @returns open files; the caller closes them
 * @throws DiffusionError `FILE_NOT_FOUND`, `MODEL_INVALID`
 */
export async function openTensorFiles(folder: string): Promise<TensorFiles> {
  const { access } = await fileSystem();
  const whole = pathIn(folder, "model.safetensors");
  const isWhole = await access(whole).then(
    () => true,
    () => false,
  );
  const files = new Map<string, OpenFile>();
  const close = async () => {
    for (const { handle } of files.values()) await handle.close();
  };
  try {
    if (isWhole) {
      const file = await openFile(whole);
      files.set(whole, file);
      return tensorFiles(new Map([...file.tensors.keys()].map((name) => [name, file])), close);
    }
    const fileOf = await readIndex(folder);
    const owners = new Map<string, OpenFile>();
    for (const [name, shard] of fileOf) {
      const path = pathIn(folder, shard);
      const file = files.get(path) ?? (await openFile(path));
      files.set(path, file);
      if (!file.tensors.has(name))
        throw invalid(`expected "${name}" in ${path}, as the index says, got none`);
      owners.set(name, file);
    }
    return tensorFiles(owners, close);
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * The same from the bytes of one file, in memory.
 *
 * @param path - where they come from, for messages
 * @throws DiffusionError `MODEL_INVALID`
 */
export function tensorsInMemory(bytes: Uint8Array, path: string): Omit<TensorFiles, "close"> {
  const start = bytes.subarray(0, safetensorsHeaderEnd(bytes, bytes.length, path));
  const { tensors } = decodeSafetensorsHeader(start, bytes.length, path);
  return {
    entries: tensors,
    async read(name) {
      const entry = tensors.get(name) as SafetensorsEntry;
      return decodeSafetensorsTensor(entry, bytes.subarray(entry.begin, entry.end), path);
    },
  };
}

// --- internal ---

type Handle = Awaited<ReturnType<Awaited<ReturnType<typeof fileSystem>>["open"]>>;

interface OpenFile {
  readonly path: string;
  readonly handle: Handle;
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
}

function tensorFiles(owners: ReadonlyMap<string, OpenFile>, close: () => Promise<void>): TensorFiles {
  return {
    entries: new Map([...owners].map(([name, { tensors }]) => [name, tensors.get(name) as SafetensorsEntry])),
    async read(name) {
      const { handle, path, tensors } = owners.get(name) as OpenFile;
      const entry = tensors.get(name) as SafetensorsEntry;
      return decodeSafetensorsTensor(entry, await readBytes(handle, path, entry.begin, entry.end), path);
    },
    close,
  };
}

async function openFile(path: string): Promise<OpenFile> {
  const { open } = await fileSystem();
  const handle = await open(path, "r").catch((cause) => {
    throw cause.code === "ENOENT" ? notFound(path, "Is a shard missing?") : unreadable(path, cause);
  });
  try {
    const { size } = await handle.stat();
    const prefix = await readBytes(handle, path, 0, Math.min(size, safetensorsPrefixBytes));
    const start = await readBytes(handle, path, 0, safetensorsHeaderEnd(prefix, size, path));
    return { path, handle, tensors: decodeSafetensorsHeader(start, size, path).tensors };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function readBytes(handle: Handle, path: string, begin: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - begin);
  for (let filled = 0; filled < bytes.length; ) {
    const { bytesRead } = await handle
      .read(bytes, filled, bytes.length - filled, begin + filled)
      .catch((cause) => {
        throw unreadable(path, cause);
      });
    if (bytesRead === 0) throw invalid(`expected ${end} bytes in ${path}, got ${begin + filled}`);
    filled += bytesRead;
  }
  return bytes;
}

const indexSchema = z.looseObject({ weight_map: z.record(z.string(), z.string()) });

/** Tensor name to shard name. Shards stand in the folder itself: a name that leads elsewhere is refused. */
async function readIndex(folder: string): Promise<Map<string, string>> {
  const path = pathIn(folder, "model.safetensors.index.json");
  const text = await readTextIfPresent(path);
  if (text === undefined) {
    throw notFound(
      pathIn(folder, "model.safetensors"),
      "Name the folder of a model. PyTorch's own .bin files are not read, as they can run code: save as safetensors",
    );
  }
  const result = indexSchema.safeParse(parseJson(text, path));
  if (!result.success) throw invalid(`expected ${path} to map tensors to files in weight_map, got none`);
  for (const shard of Object.values(result.data.weight_map)) {
    if (!/^[\w.-]+\.safetensors$/.test(shard) || shard.includes("..")) {
      throw invalid(
        `expected ${path} to name .safetensors files beside it, got ${JSON.stringify(shard.slice(0, 200))}`,
      );
    }
  }
  return new Map(Object.entries(result.data.weight_map));
}

function invalid(problem: string): DiffusionError {
  return new DiffusionError({
    code: "MODEL_INVALID",
    component: "models/files",
    problem,
    remedy: "The folder is damaged or incomplete; copy or download it again",
  });
}
