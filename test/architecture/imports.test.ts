import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  importsOf,
  packageFolders,
  repositoryRoot,
  resolveRelative,
  sourcesBelow,
} from "./source-imports.js";

/** Who may import whom. A package that is missing here fails the test: its place must be decided. */
const mayImport: Record<string, readonly string[]> = {
  core: [],
  ops: ["core"],
  schedules: ["core"],
  samplers: ["core"],
  denoisers: ["core"],
  constraints: ["core"],
  hub: ["core", "data"],
  render: ["core"],
  "tiny-model": [],
  "onnx-denoiser": ["core"],
  data: ["core"],
  evaluation: ["core"],
  models: ["core", "ops"],
  training: ["core", "ops", "evaluation"],
  "tfjs-backend-onnx": [],
  "tfjs-backends": ["core"],
  "backend-node": ["core", "tfjs-backends", "tfjs-backend-onnx"],
  "backend-web": ["core", "tfjs-backends", "tfjs-backend-onnx"],
  testkit: ["core"],
  preset: [
    "core",
    "ops",
    "schedules",
    "samplers",
    "denoisers",
    "constraints",
    "onnx-denoiser",
    "data",
    "evaluation",
    "hub",
    "models",
    "training",
    "tfjs-backend-onnx",
    "backend-node",
  ],
  cli: ["preset", "render", "tiny-model"],
  "create-plugin": ["core"],
};

/** Tests may also use the laws and run on a real backend. */
const testsMayImport = ["testkit", "backend-node", "core"];

/** Libraries that one package alone may know. */
const reserved: Record<string, string> = { inversify: "core", "reflect-metadata": "core" };

const folderOf = (specifier: string) =>
  specifier === "textdiffusion" ? "preset" : /^@textdiffusion\/([^/]+)/.exec(specifier)?.[1];

describe.each(packageFolders)("packages/%s", (folder) => {
  const sources = sourcesBelow(`packages/${folder}/src`);
  const imports = sources.flatMap(importsOf);
  const isTest = (file: string) => file.endsWith(".test.ts");

  it("imports only the packages below it", () => {
    expect(Object.keys(mayImport)).toContain(folder);
    const forbidden = imports.filter(({ file, specifier }) => {
      const target = folderOf(specifier);
      if (target === undefined || target === folder) return false;
      return !mayImport[folder].includes(target) && !(isTest(file) && testsMayImport.includes(target));
    });
    expect(forbidden).toEqual([]);
  });

  it("declares every package that it imports", () => {
    const manifest = JSON.parse(
      readFileSync(join(repositoryRoot, "packages", folder, "package.json"), "utf8"),
    );
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
    const undeclared = imports
      .filter(
        ({ file, specifier }) =>
          !isTest(file) && !specifier.startsWith(".") && !specifier.startsWith("node:"),
      )
      .map(({ file, specifier }) => ({
        file,
        name: specifier
          .split("/")
          .slice(0, specifier.startsWith("@") ? 2 : 1)
          .join("/"),
      }))
      .filter(({ name }) => name !== manifest.name && !declared.includes(name));
    expect(undeclared).toEqual([]);
  });

  it("leaves reserved libraries to their package", () => {
    expect(
      imports.filter(({ specifier }) => specifier in reserved && reserved[specifier] !== folder),
    ).toEqual([]);
  });

  it("has no import cycle between its files", () => {
    expect(findCycle(new Map(sources.map((file) => [file, relativeImports(file)])))).toBeUndefined();
  });
});

it("finds a cycle when there is one", () => {
  const graph = new Map([
    ["a", ["b"]],
    ["b", ["c"]],
    ["c", ["a"]],
  ]);
  expect(findCycle(graph)).toEqual(["a", "b", "c", "a"]);
});

function relativeImports(file: string): string[] {
  return importsOf(file)
    .filter(({ specifier }) => specifier.startsWith("."))
    .map(resolveRelative);
}

/** The files of one cycle, the first repeated at the end, or undefined. */
function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const finished = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (finished.has(file)) return undefined;
    for (const target of graph.get(file) ?? []) {
      const cycle = visit(target, [...path, file]);
      if (cycle) return cycle;
    }
    finished.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const cycle = visit(file, []);
    if (cycle) return cycle;
  }
  return undefined;
}
