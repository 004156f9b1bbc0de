// Runs the tests that tfjs-core publishes in its npm package against the backend `onnx`, and compares the failures with
// exclusions.json, in which each has its reason. A test that fails without being listed, and a listed one that passes,
// end in exit code 1. `--write-table` updates docs/tfjs-conformance.md.
//
// Run it after a build: node packages/tfjs-backend-onnx/conformance/run.mjs [part of the names to run]
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../../..");
const cache = join(root, ".cache/tfjs-conformance");
const reasons = new Map(
  JSON.parse(readFileSync(join(here, "exclusions.json"), "utf8")).flatMap(({ reason, tests }) =>
    tests.map((test) => [test, reason]),
  ),
);
const [filter = ""] = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));

const Jasmine = await loadJasmine();
const bundle = await bundleTests();
const jasmine = new Jasmine({ projectBaseDir: cache });
jasmine.exitOnCompletion = false;
jasmine.clearReporters?.();
await import(pathToFileURL(bundle).href); // declares the suites, and registers tfjs's own gradients
const { installOnnxBackend } = await import("../dist/index.js"); // after them, so that ours replace them
await installOnnxBackend({ threads: 2, warn: () => {} });

const outcomes = { passed: [], failed: [], unlisted: [] };
jasmine.env.addReporter({
  specDone({ fullName, status, failedExpectations }) {
    if (!fullName.includes(" onnx {") || (status !== "passed" && status !== "failed")) return;
    outcomes[status].push(fullName);
    if (status === "failed" && !reasons.has(fullName)) {
      outcomes.unlisted.push(`${fullName}\n    ${failedExpectations[0]?.message.slice(0, 600)}`);
    }
  },
});
console.warn = () => {}; // the tests provoke warnings
jasmine.env.configure({ random: false, specFilter: (spec) => spec.getFullName().includes(filter) });
await jasmine.execute();

const listedButPassed = filter ? [] : [...reasons.keys()].filter((test) => !outcomes.failed.includes(test));
const { passed, failed, unlisted } = outcomes;
console.log(`${passed.length} of ${passed.length + failed.length} tests passed`);
for (const name of unlisted) console.log(`not in the list: ${name}`);
for (const test of listedButPassed) console.log(`listed, but nothing of that name fails: ${test}`);
if (process.argv.includes("--write-table")) writeTable();
process.exit(unlisted.length + listedButPassed.length > 0 ? 1 : 0);

// --- internal ---

async function loadJasmine() {
  mkdirSync(cache, { recursive: true });
  if (!existsSync(join(cache, "node_modules/jasmine"))) {
    writeFileSync(join(cache, "package.json"), '{ "private": true }\n');
    const packages = ["jasmine@3.99.0", "jasmine-core@3.99.1"]; // the line that tfjs's tests are written for
    const options = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund"];
    execFileSync("npm", ["install", ...options, ...packages], { cwd: cache, stdio: "inherit" });
  }
  return createRequire(join(cache, "package.json"))("jasmine");
}

async function bundleTests() {
  const outfile = join(cache, "tests.mjs");
  const setup = `import { setTestEnvs } from "@tensorflow/tfjs-core/dist/jasmine_util";
setTestEnvs([{ name: "onnx", backendName: "onnx", isDataSync: true }]);`;
  await build({
    stdin: {
      contents: 'import "conformance-setup"; import "@tensorflow/tfjs-core/dist/tests";',
      resolveDir: join(root, "packages/tfjs-backend-onnx"),
    },
    plugins: [
      {
        name: "conformance-setup",
        setup(build) {
          build.onResolve({ filter: /^conformance-setup$/ }, ({ path }) => ({ path, namespace: "setup" }));
          build.onLoad({ filter: /.*/, namespace: "setup" }, () => ({ contents: setup, resolveDir: root }));
          build.onResolve({ filter: /^jasmine-core/ }, ({ path }) => ({
            path: createRequire(join(cache, "package.json")).resolve(path),
          }));
        },
      },
    ],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    mainFields: ["module", "main"],
    banner: {
      js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);',
    },
    ignoreAnnotations: true, // the package says that its tests have no side effects
    logLevel: "error",
  });
  return outfile;
}

function writeTable() {
  const counts = new Map();
  for (const name of failed) counts.set(reasons.get(name), (counts.get(reasons.get(name)) ?? 0) + 1);
  const rows = [...counts].sort((a, b) => b[1] - a[1]).map(([reason, count]) => `| ${count} | ${reason} |`);
  const text = `# tfjs-core's own tests on the backend \`onnx\`

Written by \`node packages/tfjs-backend-onnx/conformance/run.mjs --write-table\`, which runs the tests that
@tensorflow/tfjs-core 4.22.0 publishes, for the kernels that the backend has. Each failure is listed by name and reason
in \`packages/tfjs-backend-onnx/conformance/exclusions.json\`.

**${passed.length} of ${passed.length + failed.length} tests pass.** The rest:

| tests | reason |
| --- | --- |
${rows.join("\n")}
`;
  writeFileSync(join(root, "docs/tfjs-conformance.md"), text);
}
