import { hubError } from "./hub-error.js";

/**
 * That a path of a repository stays in its folder, on any system.
 *
 * @returns it
 * @throws DiffusionError `HUB_FAILED`
 */
export function safePath(path: string, what: string): string {
  const parts = path.split("/");
  const isSafe = parts.every((part) => part !== "" && part !== "." && part !== ".." && !/[\\:\0]/.test(part));
  if (isSafe) return path;
  throw hubError(
    `expected files of ${what} that stay in its folder, got ${JSON.stringify(path)}`,
    "Do not use it: nothing of it was written",
  );
}

/** @throws DiffusionError `HUB_FAILED` for what cannot be the name of a repository */
export function repositoryName(name: string): string {
  if (/^[\w][\w.-]*(\/[\w][\w.-]*)?$/.test(name) && !name.includes("..") && !name.includes("--")) return name;
  throw hubError(
    `expected the name of a repository, as "owner/name", got ${JSON.stringify(name)}`,
    "Correct the name",
  );
}
