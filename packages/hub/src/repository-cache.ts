import { createHash, randomUUID } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { copyFile, mkdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { pipeline } from "node:stream/promises";
import { writingFile } from "@textdiffusion/core";
import { safePath } from "./safe-path.js";

/** A file of a repository, as the Hub lists it. */
export interface RepositoryFile {
  /** With forward slashes. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Of a large file SHA-256 (64 digits), of a small one the SHA-1 of its git blob (40 digits): the name of its blob. */
  readonly hash: string;
}

/**
 * The folder of one repository in the cache that all tools of Hugging Face share: `blobs` by hash, `snapshots` of links to
 * them by commit, `refs` from branch to commit.
 */
export interface RepositoryCache {
  readonly folder: string;
  /** Where the partial download of a file lies. */
  partial(file: RepositoryFile): string;
  lock(file: RepositoryFile): string;
  /** Whether its blob is there, whole. */
  has(file: RepositoryFile): Promise<boolean>;
  /** Gives a partial download its place when its bytes are those of the hash. @returns false, and removes it, when not */
  accept(file: RepositoryFile): Promise<boolean>;
  snapshot(commit: string): string;
  /** Links a file into the snapshot of a commit. */
  link(commit: string, file: RepositoryFile): Promise<void>;
  /** The commit that a branch or tag was when it was downloaded last; a commit is itself. */
  commitOf(revision: string): Promise<string | undefined>;
  remember(revision: string, commit: string): Promise<void>;
}

export const isCommit = (revision: string) => /^[0-9a-f]{40}$/.test(revision);

/** @param root - of the whole cache @param name - of the repository's folder: `models--owner--name` */
export function repositoryCache(root: string, name: string): RepositoryCache {
  const folder = join(root, name);
  const blob = ({ hash }: RepositoryFile) => join(folder, "blobs", hash);
  const partial = (file: RepositoryFile) => `${blob(file)}.textdiffusion.incomplete`;
  const snapshot = (commit: string) => join(folder, "snapshots", commit);
  const refOf = (revision: string) => join(folder, "refs", safePath(revision, name));
  return {
    folder,
    partial,
    snapshot,
    lock: ({ hash }) => join(root, ".locks", name, `${hash}.textdiffusion.lock`),
    has: async (file) => (await stat(blob(file)).catch(() => undefined))?.size === file.sizeBytes,
    accept: async (file) => {
      const isRight = (await hashOf(partial(file), file)) === file.hash;
      if (isRight) await rename(partial(file), blob(file));
      else await rm(partial(file), { force: true });
      return isRight;
    },
    link: (commit, file) => {
      const target = join(snapshot(commit), safePath(file.path, name));
      return writing(target, async () => {
        await mkdir(dirname(target), { recursive: true });
        const temporary = `${target}.${randomUUID()}`;
        // Windows lets not everybody make links.
        await symlink(relative(dirname(target), blob(file)), temporary).catch(() =>
          copyFile(blob(file), temporary),
        );
        await rename(temporary, target);
      });
    },
    commitOf: async (revision) => {
      if (isCommit(revision)) return existsSync(snapshot(revision)) ? revision : undefined;
      const commit = (await readFile(refOf(revision), "utf8").catch(() => "")).trim();
      return isCommit(commit) ? commit : undefined;
    },
    remember: async (revision, commit) => {
      if (isCommit(revision)) return;
      const file = refOf(revision);
      await writing(file, async () => {
        await mkdir(dirname(file), { recursive: true });
        const temporary = `${file}.${randomUUID()}`;
        await writeFile(temporary, commit);
        await rename(temporary, file);
      });
    },
  };
}

/** @throws DiffusionError `FILE_NOT_WRITABLE` */
export function writing<Result>(path: string, write: () => Promise<Result>): Promise<Result> {
  return writingFile("hub/cache", path, write);
}

// --- internal ---

async function hashOf(path: string, { hash, sizeBytes }: RepositoryFile): Promise<string> {
  const digest = hash.length === 64 ? createHash("sha256") : createHash("sha1").update(`blob ${sizeBytes}\0`);
  await pipeline(createReadStream(path), digest);
  return digest.digest("hex");
}
