import { existsSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";

/**
 * A file, folder or pattern as it is named from `folder`, so that it can be read from anywhere. A pattern begins in the
 * folder, whose own name is none. `-` is standard input and stays.
 */
export function dataPath(name: string, folder: string): string {
  if (name === "-") return name;
  const path = resolve(folder, name);
  if (isAbsolute(name) || existsSync(path) || !/[*?[{(]/.test(name)) return path;
  return `${folder.replaceAll(/[()[\]{}!*?|+@]/g, "\\$&")}/${name}`;
}
