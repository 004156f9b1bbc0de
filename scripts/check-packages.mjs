// Packs every package as npm would and looks at what a stranger gets: the manifest, the files, the source maps, and what
// publint and "are the types wrong" (profile esm-only) say. Run it after a build; exits with 1 when something is wrong.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { publishedPackages, root } from "./workspace.mjs";

const published = publishedPackages();
const ours = new Map(published.map(({ manifest }) => [manifest.name, manifest.version]));
const workspace = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const licence = readFileSync(join(root, "LICENSE"), "utf8");

/** Besides what npm always packs. Templates are for copying, their tests and sources too. */
const mustNotHold = /(^|\/)(\.tsbuildinfo|fixtures|golden)(\/|$)|\.test\.|\.d\.ts\.map$/;

const destination = mkdtempSync(join(tmpdir(), "textdiffusion-pack-"));
let wrong = 0;
try {
  for (const { folder, manifest } of published) {
    const tarball = pack(folder);
    const content = contentOf(tarball);
    const problems = [
      ...manifestProblems(manifest),
      ...fileProblems(content, manifest),
      ...sourceMapProblems(content),
      ...(await publintProblems(tarball)),
      ...(await typeProblems(tarball)),
    ];
    const size = `${content.size} files, ${Math.round(tarball.byteLength / 1000)} kB packed`;
    console.log(`${problems.length === 0 ? "ok   " : "WRONG"} ${manifest.name} (${size})`);
    for (const problem of problems) console.log(`      ${problem}`);
    wrong += problems.length;
  }
} finally {
  rmSync(destination, { recursive: true, force: true });
}
console.log(wrong === 0 ? `${published.length} packages can be published` : `${wrong} problems`);
process.exitCode = wrong === 0 ? 0 : 1;

// --- internal ---

function pack(folder) {
  const printed = execFileSync("npm", ["pack", "--json", "--pack-destination", destination], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    shell: process.platform === "win32",
  });
  const packed = JSON.parse(printed);
  const [{ filename }] = Array.isArray(packed) ? packed : Object.values(packed);
  return readFileSync(join(destination, filename));
}

/** Text by path inside the package. */
function contentOf(tarball) {
  const opened = createPackageFromTarballData(tarball);
  const prefix = `/node_modules/${opened.packageName}/`;
  return new Map(opened.listFiles().map((path) => [path.slice(prefix.length), opened.readFile(path)]));
}

function manifestProblems(manifest) {
  const expected = {
    type: "module",
    license: workspace.license,
    engines: workspace.engines,
    sideEffects: false,
    publishConfig: { access: "public" },
  };
  const problems = Object.entries(expected)
    .filter(([key, value]) => JSON.stringify(manifest[key]) !== JSON.stringify(value))
    .map(([key, value]) => `expected ${key} ${JSON.stringify(value)}, got ${JSON.stringify(manifest[key])}`);
  for (const key of ["description", "keywords", "exports"]) {
    if (!manifest[key]) problems.push(`expected ${key} in package.json, got nothing`);
  }
  for (const [entry, conditions] of Object.entries(manifest.exports ?? {})) {
    if (typeof conditions !== "string" && Object.keys(conditions)[0] !== "types") {
      problems.push(
        `expected "types" first in exports["${entry}"], got ${Object.keys(conditions).join(", ")}`,
      );
    }
  }
  const dependencies = { ...manifest.dependencies, ...manifest.peerDependencies };
  for (const [name, range] of Object.entries(dependencies)) {
    // A range, so that npm finds one copy for all; of the version that is published together with this one.
    if (ours.has(name) && range !== `^${ours.get(name)}`) {
      problems.push(`expected ${name} at ^${ours.get(name)}, got ${range}`);
    }
  }
  return problems;
}

function fileProblems(content, { files }) {
  const paths = [...content.keys()];
  const listed = ["package.json", "README.md", "LICENSE", ...files];
  const isListed = (path) => listed.some((entry) => path === entry || path.startsWith(`${entry}/`));
  const isTemplate = (path) => path.startsWith("templates/");
  return [
    ...["README.md", "LICENSE"]
      .filter((path) => !content.has(path))
      .map((path) => `expected a ${path}, got none`),
    ...(content.has("LICENSE") && content.get("LICENSE") !== licence
      ? ["expected the LICENSE of the root"]
      : []),
    ...(paths.some((path) => path.startsWith("dist/"))
      ? []
      : ["expected dist/, got none. Run npm run build first"]),
    ...paths
      .filter((path) => !isListed(path) || (!isTemplate(path) && mustNotHold.test(path)))
      .map((path) => `expected no ${path}`),
    ...relativeLinks(content.get("README.md") ?? "")
      .filter((path) => !content.has(path))
      .map((path) => `expected README.md to link to what the package holds, got ${path}`),
  ];
}

/** Targets of links in Markdown that are neither addresses nor anchors: what npm's page cannot follow. */
function relativeLinks(markdown) {
  return [...markdown.matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)/g)].map(([, target]) => posix.normalize(target));
}

/** A map must be there for whoever refers to it, and hold its sources or lie beside them. */
function sourceMapProblems(content) {
  const problems = [];
  for (const [path, text] of content) {
    const map = /\/\/# sourceMappingURL=(?!data:)(\S+)\s*$/.exec(text)?.[1];
    if (map && !content.has(posix.join(posix.dirname(path), map)))
      problems.push(`expected ${map} beside ${path}`);
    if (!path.endsWith(".map")) continue;
    const { sources, sourcesContent = [] } = JSON.parse(text);
    const lost = sources.filter(
      (source, index) => sourcesContent[index] == null && !content.has(posix.join(dirname(path), source)),
    );
    if (lost.length > 0)
      problems.push(`expected ${path} to hold its sources, got references to ${lost.join(", ")}`);
  }
  return problems;
}

async function publintProblems(tarball) {
  const { messages, pkg } = await publint({
    strict: true,
    pack: { tarball: tarball.buffer.slice(tarball.byteOffset, tarball.byteOffset + tarball.byteLength) },
  });
  return messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false })}`);
}

/** The profile esm-only of the attw command leaves out how CommonJS and the oldest resolution see a package. */
async function typeProblems(tarball) {
  const { problems } = await checkPackage(createPackageFromTarballData(tarball));
  return (problems ?? [])
    .filter(({ resolutionKind }) => resolutionKind !== "node10" && resolutionKind !== "node16-cjs")
    .map(
      ({ kind, entrypoint, typesFileName }) =>
        `are the types wrong: ${kind} at ${entrypoint ?? typesFileName}`,
    );
}
