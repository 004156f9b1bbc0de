import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packageFolders, repositoryRoot, sourcesBelow } from "./source-imports.js";

const read = (file: string) => readFileSync(join(repositoryRoot, file), "utf8");
const trackedFiles = () =>
  execFileSync("git", ["ls-files"], { cwd: repositoryRoot, encoding: "utf8" }).split("\n").filter(Boolean);

describe("README", () => {
  /** Lines of the tree: `packages/core  what it is`. */
  const tree = [...read("README.md").matchAll(/^ {2,}?([\w./-]+\/)\s{2,}(\S.*)$/gm)].map(
    ([, path, phrase]) => ({
      path: path.replace(/\/$/, ""),
      phrase,
    }),
  );

  it("describes every folder of the repository, and no other", () => {
    const folders = readdirSync(repositoryRoot)
      .filter((name) => !name.startsWith(".") && statSync(join(repositoryRoot, name)).isDirectory())
      .filter((name) => trackedFiles().some((file) => file.startsWith(`${name}/`)) && name !== "packages");
    const expected = [...folders, ...packageFolders.map((folder) => `packages/${folder}`)].sort();
    expect(tree.map(({ path }) => path).sort()).toEqual(expected);
  });

  it("says of each package what the package says of itself", () => {
    for (const { path, phrase } of tree.filter(({ path }) => path.startsWith("packages/"))) {
      expect(`${path}: ${JSON.parse(read(`${path}/package.json`)).description}`).toBe(`${path}: ${phrase}`);
    }
  });

  it("links only to files that exist", () => {
    const links = [...read("README.md").matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target]) => target);
    expect(links.filter((target) => !existsSync(join(repositoryRoot, target)))).toEqual([]);
  });
});

describe("published packages", () => {
  it("share one version", () => {
    const versions = packageFolders.map(
      (folder) => JSON.parse(read(`packages/${folder}/package.json`)).version,
    );
    expect(new Set(versions).size).toBe(1);
  });

  it("carry the licence, ask for each other by range, and hold what is built without what built it", () => {
    for (const folder of packageFolders) {
      const manifest = JSON.parse(read(`packages/${folder}/package.json`));
      expect(read(`packages/${folder}/LICENSE`), folder).toBe(read("LICENSE"));
      expect(manifest.files.slice(0, 2), folder).toEqual(["dist", "!dist/.tsbuildinfo"]);
      for (const [name, range] of Object.entries({
        ...manifest.dependencies,
        ...manifest.peerDependencies,
      })) {
        if (/^(@textdiffusion\/|textdiffusion$)/.test(name))
          expect(range, folder).toBe(`^${manifest.version}`);
      }
    }
  });

  it("have READMEs without links that npm cannot follow", () => {
    const links = packageFolders.flatMap((folder) => {
      const text = read(`packages/${folder}/README.md`);
      return [...text.matchAll(/\]\((?!https?:|#)([^)]+)/g)].map(([, target]) => `${folder}: ${target}`);
    });
    expect(links, "name the file and say that it is in the repository").toEqual([]);
  });

  it("have no install script", () => {
    for (const folder of packageFolders) {
      const { scripts = {} } = JSON.parse(read(`packages/${folder}/package.json`));
      expect(Object.keys(scripts).filter((name) => /install|prepare/.test(name))).toEqual([]);
    }
  });
});

it("the lock file holds no address of a registry", () => {
  expect(read("package-lock.json")).not.toContain('"resolved": "http');
});

it("no source draws on a generator that is not keyed, or on a tensor operation known to be wrong", () => {
  const banned = /\b(Math\.random|tf\.multinomial|tf\.einsum|dataSync|arraySync)\s*\(/;
  const offenders = packageFolders
    .flatMap((folder) => sourcesBelow(`packages/${folder}/src`))
    .filter(
      (file) =>
        !file.endsWith(".test.ts") && banned.test(read(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "")),
    );
  expect(offenders).toEqual([]);
});
