// What strangers do, against a real registry: publishes every package of the workspace to a Verdaccio on this machine,
// makes a plugin with `npm create`, tests, builds and publishes it, and uses it from npm in an empty project: by config in
// TypeScript and in JSON, through the command and in code, type-checked with its libraries, bundled by Vite. Then plugins
// that are wrong, each of which must be named by an error. Takes some minutes, no network, and leaves nothing.
//
// Run it with: npm run test:registry
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { publishedPackages, root, runNode } from "../../scripts/workspace.mjs";
import { faultyPlugins } from "./faulty-plugins.mjs";
import { startRegistry } from "./verdaccio.mjs";

const home = mkdtempSync(join(tmpdir(), "textdiffusion-registry-"));
const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill();
  rmSync(home, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(130));

const startedAt = performance.now();
const published = publishedPackages();
let passed = 0;
let registry;
try {
  await runNode("scripts/build.mjs");
  registry = await step("start a registry without an uplink", () => startRegistry(home));
  await step(`publish ${published.length} packages`, publishOurs);
  const plugin = await step("npm create textdiffusion-plugin: a sampler", createSampler);
  await step("its own install, laws, types and build", () => buildPlugin(plugin));
  await step("publish it", () => npm(plugin, "publish"));
  const project = await step("install everything in an empty project, scripts blocked", installInProject);
  await step("one copy of core", () => assertOneCopy(project));
  await step("train a tiny model with the installed command", () => trainModel(project));
  await step("the plugin's sampler by config in JSON, in TypeScript, in code and by value: one text", () =>
    swapSampler(project),
  );
  await step("its laws, from the installed packages", () => node(project, "laws.mjs"));
  await step("the consumer's types, libraries checked", () => typeCheck(project));
  await step("a bundle by Vite that runs without node_modules", () => bundle(project));
  await step(`publish and install ${faultyPlugins.length} faulty plugins`, () => publishFaulty(project));
  for (const faulty of faultyPlugins)
    await step(`a plugin that ${faulty.fault}`, () => assertNamed(project, faulty));
  console.log(`\n${passed} passed, 0 failed: ${Math.round((performance.now() - startedAt) / 1000)} s`);
} catch (error) {
  console.error(`\n${passed} passed, 1 failed\n${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  await registry?.stop();
}

// --- steps ---

async function publishOurs() {
  await publishAll(published.map(({ folder }) => folder));
}

async function createSampler() {
  const folder = join(home, "textdiffusion-plugin-spread");
  await npm(
    home,
    "create",
    "textdiffusion-plugin@latest",
    "--yes",
    "--",
    ...["--kind", "sampler", "--name", "spread", "--yes"],
  );
  assert.ok(existsSync(join(folder, "package.json")), `expected a plugin in ${folder}, got nothing`);
  return folder;
}

async function buildPlugin(folder) {
  await npm(folder, "install");
  assert.match(await npm(folder, "test"), /Tests .*\d+ passed/);
  await npm(folder, "run", "check");
  await npm(folder, "run", "build");
}

async function installInProject() {
  const project = join(home, "project");
  mkdirSync(project);
  write(project, "package.json", JSON.stringify({ name: "project", private: true, type: "module" }));
  const names = published.map(({ manifest }) => manifest.name);
  await npm(project, "install", ...names, "textdiffusion-plugin-spread");
  const consumer = fileURLToPath(new URL("./consumer/", import.meta.url));
  for (const name of readdirSync(consumer)) write(project, name, readFileSync(join(consumer, name), "utf8"));
  return project;
}

/** A second copy would have a second registry of kernels, and other classes. */
function assertOneCopy(project) {
  const { packages } = JSON.parse(readFileSync(join(project, "package-lock.json"), "utf8"));
  for (const name of ["@textdiffusion/core", "@tensorflow/tfjs-core", "zod"]) {
    const copies = Object.keys(packages).filter((path) => path.endsWith(`node_modules/${name}`));
    assert.deepEqual(copies, [`node_modules/${name}`]);
  }
}

async function trainModel(project) {
  write(project, "my-text.txt", "The fox looked at the moon, and the moon looked away. ".repeat(60));
  const sizes = "--layers 1 --hidden 16 --heads 2 --row-length 48 --batch-size 2 --steps 4".split(" ");
  await textdiffusion(
    project,
    "train",
    "--data",
    "my-text.txt",
    "--model",
    "new",
    "--out",
    "my-model",
    ...sizes,
  );
}

async function swapSampler(project) {
  const generate = (config) =>
    textdiffusion(
      project,
      "generate",
      "--model",
      "my-model",
      "--prompt",
      "The fox",
      "--seed",
      "7",
      "--config",
      config,
    );
  const byJson = await generate("by-name.json");
  assert.ok(byJson.startsWith("The fox"), byJson);
  assert.equal(await generate("by-import.ts"), byJson);
  const inCode = JSON.parse(await node(project, "in-code.mjs"));
  assert.deepEqual(inCode.settings, { name: "spread", steps: 6, distance: 3 });
  for (const text of inCode.texts) assert.equal(text.trimEnd(), byJson.trimEnd());
}

async function typeCheck(project) {
  await node(project, join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.json");
}

async function bundle(project) {
  await node(project, join(root, "node_modules/vite/bin/vite.js"), "build", "--logLevel", "warn");
  const alone = join(home, "bundle");
  mkdirSync(alone);
  write(alone, "bundle.mjs", readFileSync(join(project, "dist/bundle.js"), "utf8"));
  const { write: generate } = await import(pathToFileURL(join(alone, "bundle.mjs")).href);
  assert.match(await generate(), /^abc[a-f]{9}$/);
}

async function publishFaulty(project) {
  for (const { name, files } of faultyPlugins) {
    mkdirSync(join(home, name));
    for (const [path, text] of Object.entries(files)) write(join(home, name), path, text);
  }
  await publishAll(faultyPlugins.map(({ name }) => join(home, name)));
  await npm(project, "install", ...faultyPlugins.map(({ name }) => name));
}

async function assertNamed(project, { name, config, sentence }) {
  write(project, "faulty.json", JSON.stringify({ plugins: [name], ...config }));
  const { code, stderr } = await run(project, process.execPath, [
    ...[join(project, "node_modules/@textdiffusion/cli/dist/bin.js"), "generate", "--model", "my-model"],
    ...["--prompt", "The fox", "--config", "faulty.json"],
  ]);
  assert.match(stderr, sentence);
  assert.equal(code, 2, `expected an error of ours (exit code 2), got ${code}: ${stderr}`);
}

// --- internal ---

async function step(what, action) {
  const from = performance.now();
  process.stdout.write(`${what} ... `);
  const result = await action();
  console.log(`${((performance.now() - from) / 1000).toFixed(1)} s`);
  passed++;
  return result;
}

function write(folder, path, text) {
  writeFileSync(join(folder, path), text);
}

/** Some at a time: each is a process that mostly waits for its own start. */
async function publishAll(folders) {
  for (let from = 0; from < folders.length; from += 4) {
    await Promise.all(folders.slice(from, from + 4).map((folder) => npm(folder, "publish")));
  }
}

function npm(folder, ...args) {
  return runOrThrow(folder, "npm", args);
}

function node(folder, ...args) {
  return runOrThrow(folder, process.execPath, args);
}

function textdiffusion(folder, ...args) {
  return npm(folder, "exec", "--offline", "--", "textdiffusion", ...args);
}

/** @returns what it printed */
async function runOrThrow(folder, command, args) {
  const { code, stdout, stderr } = await run(folder, command, args);
  if (code === 0) return stdout;
  throw new Error(`${command} ${args.join(" ")} in ${folder} ended with ${code}\n${stdout}\n${stderr}`);
}

function run(folder, command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: folder,
      env: { ...registry.environment, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32" && command === "npm",
    });
    running.add(child);
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      running.delete(child);
      resolve({ code, stdout, stderr });
    });
  });
}
