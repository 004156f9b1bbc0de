import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { packageFolders, repositoryRoot } from "../architecture/source-imports.js";

/**
 * Entries whose declarations do not compile in a project that checks its libraries (`skipLibCheck: false`), because they
 * take or return tensors: the types of TensorFlow.js 4.22 name a type `Long` that is nowhere, and declare WebGPU otherwise
 * than the compiler's own library. What needs no tensors has an entry of its own.
 */
const tensorEntries = [
  "@textdiffusion/backend-node/freeze-weights",
  "@textdiffusion/models",
  "@textdiffusion/ops",
  "@textdiffusion/tfjs-backend-onnx",
  "@textdiffusion/tfjs-backend-onnx/web",
  "@textdiffusion/tfjs-backends",
  "@textdiffusion/training",
  "@textdiffusion/training/web",
  "textdiffusion/tensors",
];

/** Every entry of every package, from their manifests. */
const entries = packageFolders.flatMap((folder) => {
  const manifest = JSON.parse(readFileSync(join(repositoryRoot, "packages", folder, "package.json"), "utf8"));
  return Object.entries<{ types?: string } | string>(manifest.exports)
    .filter(([, conditions]) => typeof conditions === "object" && conditions.types !== undefined)
    .map(([path]) => join(manifest.name, path));
});

const tsc = join(createRequire(import.meta.url).resolve("typescript/package.json"), "../bin/tsc");

describe("the public declarations, in a project that checks its libraries", { timeout: 300_000 }, () => {
  // Below the repository, so that the workspace's built packages resolve as installed ones would.
  mkdirSync(join(repositoryRoot, ".cache"), { recursive: true });
  const folder = mkdtempSync(join(repositoryRoot, ".cache", "declarations-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Paths of the files with errors, each once. */
  function faultyFiles(name: string, imported: readonly string[]): string[] {
    const source = imported.map((entry, index) => `export * as entry${index} from "${entry}";`).join("\n");
    writeFileSync(join(folder, `${name}.ts`), source);
    const compilerOptions = {
      strict: true,
      skipLibCheck: false,
      noEmit: true,
      module: "NodeNext",
      target: "ES2022",
      lib: ["ES2023", "DOM"],
      types: [],
    };
    writeFileSync(join(folder, `${name}.json`), JSON.stringify({ compilerOptions, files: [`${name}.ts`] }));
    const { stdout } = spawnSync(
      process.execPath,
      [tsc, "-p", join(folder, `${name}.json`), "--pretty", "false"],
      {
        encoding: "utf8",
      },
    );
    const files = [...stdout.matchAll(/^(.+?)\(\d+,\d+\): error/gm)].map(([, file]) => file);
    return [...new Set(files)].sort();
  }

  it("compile, but for the entries with tensors", () => {
    const plain = entries.filter((entry) => !tensorEntries.includes(entry));
    expect(plain).toEqual(
      expect.arrayContaining(["@textdiffusion/core", "textdiffusion", "@textdiffusion/cli"]),
    );
    expect(faultyFiles("plain", plain)).toEqual([]);
  });

  it("of the entries with tensors only those of TensorFlow.js, and what they contradict, are at fault", () => {
    expect(entries).toEqual(expect.arrayContaining(tensorEntries));
    const faulty = faultyFiles("tensors", tensorEntries);
    expect(faulty.length).toBeGreaterThan(0);
    expect(faulty.filter((file) => !/node_modules\/(@tensorflow|@webgpu|typescript)\//.test(file))).toEqual(
      [],
    );
  });
});
