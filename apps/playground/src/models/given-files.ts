import { modelFilesAmong, type OwnModel } from "./own-model.js";

export interface GivenFile {
  /** Folders above it included, where they are known. */
  readonly path: string;
  readonly file: File;
}

/** Files that were chosen; a folder's bring their paths along. */
export function chosenFiles(files: FileList | null): readonly GivenFile[] {
  return Array.from(files ?? [], (file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/** Files and folders that were dropped, with all that lies in them. */
export async function droppedFiles(items: DataTransferItemList): Promise<readonly GivenFile[]> {
  const entries = Array.from(items, (item) => item.webkitGetAsEntry()); // before the first await: they last as long as the event
  const found = await Promise.all(entries.map((entry) => (entry ? filesIn(entry) : [])));
  return found.flat();
}

/** @throws DiffusionError `FILE_NOT_FOUND` for files that are not all of a model */
export function modelFromGiven(given: readonly GivenFile[]): OwnModel {
  const folder = given.map(({ path }) => path.split("/")).find((parts) => parts.length > 1)?.[0];
  const name = folder ?? "your files";
  const chosen = modelFilesAmong(given, name);
  return {
    name,
    origin: "files",
    files: Object.fromEntries([...chosen].map(([path, { file }]) => [path, file])),
  };
}

// --- internal ---

async function filesIn(entry: FileSystemEntry): Promise<GivenFile[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    return [{ path: entry.fullPath.replace(/^\//, ""), file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: GivenFile[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return found; // browsers list a hundred at a time
    for (const inner of some) if (!inner.name.startsWith(".")) found.push(...(await filesIn(inner)));
  }
}
