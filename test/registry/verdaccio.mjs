// A registry on this machine for as long as the tests need it: Verdaccio inside this process, so that it ends with it,
// without an uplink, so that nothing is ever asked of another one.
//
// The libraries of others are known to it by what package-lock.json says of them. Their tarballs are never asked for: npm
// takes what it has in its cache by the hash that the registry tells it, and `npm ci` has filled that cache.
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, linkSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { root } from "../../scripts/workspace.mjs";

const home = new URL("./verdaccio/", import.meta.url);

/**
 * @param folder where everything of it goes; the caller removes it
 * @returns its address, the environment in which npm uses it and nothing else, and what ends it
 */
export async function startRegistry(folder) {
  installVerdaccio();
  const libraries = lockedLibraries();
  const storage = join(folder, "storage");
  for (const [name, versions] of libraries) writeManifest(storage, name, versions);
  const cache = join(folder, "npm-cache");
  fillCache(cache, libraries);

  const { runServer } = createRequire(new URL("package.json", home))("verdaccio");
  const server = await runServer({
    storage,
    configPath: join(folder, "config.yaml"),
    auth: { htpasswd: { file: join(folder, "htpasswd"), max_users: -1 } },
    uplinks: {},
    packages: { "**": { access: "$all", publish: "$all", unpublish: "$all" } },
    security: { api: { legacy: true } },
    max_body_size: "64mb",
    log: { type: "file", path: join(folder, "verdaccio.log"), level: "warn" },
    web: { enable: false },
  });
  await new Promise((done, fail) => server.once("error", fail).listen(0, "127.0.0.1", done));
  const address = `127.0.0.1:${server.address().port}`;
  const settings = join(folder, "npmrc");
  writeFileSync(
    settings,
    [
      `registry=http://${address}/`,
      `//${address}/:_authToken=nobody`, // npm publishes only with a token; any will do here
      `cache=${cache}`,
      "ignore-scripts=true",
      "audit=false",
      "fund=false",
      "update-notifier=false",
      "",
    ].join("\n"),
  );
  return {
    url: `http://${address}/`,
    environment: { ...withoutNpm(process.env), npm_config_userconfig: settings },
    stop: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(done);
      }),
  };
}

// --- internal ---

/** What npm told this process of its settings would come before what a project says. */
function withoutNpm(environment) {
  return Object.fromEntries(Object.entries(environment).filter(([key]) => !/^npm_/i.test(key)));
}

/** Into a folder of its own, with a lock of its own: nobody who tests or uses the packages pays for it. */
function installVerdaccio() {
  const locked = JSON.parse(readFileSync(new URL("package-lock.json", home), "utf8"));
  const manifest = new URL("node_modules/verdaccio/package.json", home);
  const { version } = locked.packages["node_modules/verdaccio"];
  if (existsSync(manifest) && JSON.parse(readFileSync(manifest, "utf8")).version === version) return;
  execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"], {
    cwd: home,
    stdio: ["ignore", "ignore", "inherit"],
    shell: process.platform === "win32",
  });
}

/** Every library of the lock file, installed here or for other machines: its entries by name and version. */
function lockedLibraries() {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const libraries = new Map();
  for (const [path, entry] of Object.entries(packages)) {
    if (!path.includes("node_modules/") || entry.link) continue;
    const name = entry.name ?? path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    const versions = libraries.get(name) ?? new Map();
    versions.set(entry.version, { ...entry, installed: existsSync(join(root, path)) });
    libraries.set(name, versions);
  }
  return libraries;
}

/** A package as Verdaccio keeps it. */
function writeManifest(storage, name, versions) {
  const [latest] = versions.keys(); // the lock lists the one at the top of node_modules first
  const file = (version) => `${name.split("/").at(-1)}-${version}.tgz`;
  const manifest = {
    name,
    "dist-tags": { latest },
    time: {},
    versions: Object.fromEntries(
      [...versions].map(([version, { integrity, installed: _, ...entry }]) => [
        version,
        { ...entry, name, dist: { integrity, tarball: `http://127.0.0.1/${name}/-/${file(version)}` } },
      ]),
    ),
    _distfiles: {},
    _attachments: {},
    _uplinks: {},
    _rev: "1-0",
  };
  mkdirSync(join(storage, name), { recursive: true });
  writeFileSync(join(storage, name, "package.json"), JSON.stringify(manifest));
}

/** A cache that holds the tarballs of what is installed here, from npm's own cache, or else from npm's own registry. */
function fillCache(cache, libraries) {
  const npmCache = execFileSync("npm", ["config", "get", "cache"], {
    cwd: root,
    encoding: "utf8",
    shell: process.platform === "win32",
  }).trim();
  const missing = [];
  for (const [name, versions] of libraries) {
    for (const [version, { integrity, installed }] of versions) {
      if (!installed) continue;
      const content = contentPath(integrity);
      const [from, to] = [npmCache, cache].map((folder) => join(folder, "_cacache", content));
      if (existsSync(from)) link(from, to);
      else missing.push(`${name}@${version}`);
    }
  }
  if (missing.length === 0) return;
  console.log(`  npm's cache lacks ${missing.length} tarballs of the lock file; they are fetched`);
  execFileSync("npm", ["cache", "add", ...missing, "--cache", cache], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
    shell: process.platform === "win32",
  });
}

/** Where npm's cache (cacache) keeps what has a hash. */
function contentPath(integrity) {
  const [algorithm, digest] = integrity.split(" ")[0].split(/-(.*)/s);
  const hex = Buffer.from(digest, "base64").toString("hex");
  return join("content-v2", algorithm, hex.slice(0, 2), hex.slice(2, 4), hex.slice(4));
}

function link(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to); // another disk
  }
}
