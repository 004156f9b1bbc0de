import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

export const repositoryRoot = fileURLToPath(new URL("../../", import.meta.url));

/** Folder names under packages/. */
export const packageFolders = readdirSync(join(repositoryRoot, "packages")).filter((folder) =>
  existsSync(join(repositoryRoot, "packages", folder, "package.json")),
);

export interface SourceImport {
  /** Path from the repository's root. */
  readonly file: string;
  readonly specifier: string;
}

/** Every TypeScript source below a folder, as paths from the repository's root. */
export function sourcesBelow(folder: string): string[] {
  return readdirSync(join(repositoryRoot, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(repositoryRoot, join(entry.parentPath, entry.name)));
}

/** Static and dynamic imports of a source, types included: a type that crosses a border crosses it too. */
export function importsOf(file: string): SourceImport[] {
  const text = readFileSync(join(repositoryRoot, file), "utf8");
  return ts.preProcessFile(text).importedFiles.map(({ fileName }) => ({ file, specifier: fileName }));
}

/** The file that a relative import names. */
export function resolveRelative({ file, specifier }: SourceImport): string {
  const target = resolve(repositoryRoot, dirname(file), specifier).replace(/\.js$/, ".ts");
  return relative(repositoryRoot, target);
}
