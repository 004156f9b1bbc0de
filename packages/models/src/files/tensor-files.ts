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
import { notFound, parseJson, pathIn } from "./file-system.js";

/** The tensors of a folder, read one at a time. */
export interface TensorFiles {
  /** Every tensor of the folder, under the name in its file. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  /** @throws DiffusionError `MODEL_INVALID` for a tensor that holds no floats */
  read(name: string): Promise<NamedArray>;
  close(): Promise<void>;
}

/** The files of a folder, wherever it lies. */
export interface FolderFiles {
  /** A text, or undefined where there is no such file. */
  text(name: string): Promise<string | undefined>;
  /** A file to be read in parts, or undefined where there is none; the caller closes it. */
  open(name: string): Promise<OpenFile | undefined>;
}

export interface OpenFile {
  readonly sizeBytes: number;
  /** @throws DiffusionError `MODEL_INVALID` for a file that is shorter, `FILE_NOT_FOUND` for one that cannot be read */
  read(begin: number, end: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Opens `model.safetensors`, or the shards that `model.safetensors.index.json` lists, and checks their headers.
 *
 * @param folder - where the files come from, for messages
 * @returns open files; the caller closes them
 * @throws DiffusionError `FILE_NOT_FOUND`, `MODEL_INVALID`
 */
export async function openTensorFiles(source: FolderFiles, folder: string): Promise<TensorFiles> {
  const files = new Map<string, TensorFile>();
  const close = async () => {
    for (const { file } of files.values()) await file.close();
  };
  const openShard = async (name: string): Promise<TensorFile | undefined> => {
    const path = pathIn(folder, name);
    const file = await source.open(name);
    if (file === undefined) return undefined;
    files.set(name, { file, path, tensors: new Map() }); // closed whatever its header holds
    const shard = { file, path, tensors: await readHeader(file, path) };
    files.set(name, shard);
    return shard;
  };
  try {
    const whole = await openShard("model.safetensors");
    if (whole) return tensorFiles(new Map([...whole.tensors.keys()].map((name) => [name, whole])), close);
    const owners = new Map<string, TensorFile>();
    for (const [name, shardName] of await readIndex(source, folder)) {
      const shard = files.get(shardName) ?? (await openShard(shardName));
      if (!shard) throw notFound(pathIn(folder, shardName), "Is a shard missing?");
      if (!shard.tensors.has(name))
        throw invalid(`expected "${name}" in ${shard.path}, as the index says, got none`);
      owners.set(name, shard);
    }
    return tensorFiles(owners, close);
  } catch (error) {
    await close();
    throw error;
  }
}

// --- internal ---

interface TensorFile {
  readonly file: OpenFile;
  readonly path: string;
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
}

function tensorFiles(owners: ReadonlyMap<string, TensorFile>, close: () => Promise<void>): TensorFiles {
  return {
    entries: new Map([...owners].map(([name, { tensors }]) => [name, tensors.get(name) as SafetensorsEntry])),
    async read(name) {
      const { file, path, tensors } = owners.get(name) as TensorFile;
      const entry = tensors.get(name) as SafetensorsEntry;
      return decodeSafetensorsTensor(entry, await file.read(entry.begin, entry.end), path);
    },
    close,
  };
}

async function readHeader(file: OpenFile, path: string): Promise<ReadonlyMap<string, SafetensorsEntry>> {
  const { sizeBytes } = file;
  const prefix = await file.read(0, Math.min(sizeBytes, safetensorsPrefixBytes));
  const start = await file.read(0, safetensorsHeaderEnd(prefix, sizeBytes, path));
  return decodeSafetensorsHeader(start, sizeBytes, path).tensors;
}

const indexSchema = z.looseObject({ weight_map: z.record(z.string(), z.string()) });

/** Tensor name to shard name. Shards stand in the folder itself: a name that leads elsewhere is refused. */
async function readIndex(source: FolderFiles, folder: string): Promise<Map<string, string>> {
  const path = pathIn(folder, "model.safetensors.index.json");
  const text = await source.text("model.safetensors.index.json");
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
