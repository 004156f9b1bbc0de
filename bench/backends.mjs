// Every backend of this machine, in Node and in Chromium, against `cpu`: do values and gradients of the operations that the
// models need agree, and how fast are they? Prints the tables; --write puts them into docs/backends.md.
//
// node bench/backends.mjs [--write]   (after npm run build; some minutes on two cores)
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { tinyModelFolder } from "@textdiffusion/tiny-model";
import { build } from "esbuild";
import { createJiti } from "jiti";
import { softwareGraphics } from "../scripts/software-graphics.mjs";
import { ask } from "./measure.mjs";

const inNode = [
  { title: "cpu", name: "cpu" },
  { title: "wasm", name: "wasm" },
  { title: "onnx", name: "onnx" },
  { title: "onnx, provider webgpu", name: "onnx", provider: "webgpu" },
  { title: "webgpu", name: "webgpu" },
  { title: "tensorflow", name: "tensorflow" },
  { title: "cuda", name: "cuda" },
];
const inBrowser = ["wasm", "onnx", "webgl", "webgpu"];

const environment = softwareGraphics();
const measured = [];
for (const { title, ...options } of inNode) {
  console.error(`Node, ${title}`);
  const found = ask(process.execPath, ["backends/node.mjs", JSON.stringify(options)], environment);
  if (found) measured.push({ title: `Node: ${title}`, ...found });
}
if (environment.VK_DRIVER_FILES) rmSync(dirname(environment.VK_DRIVER_FILES), { recursive: true });
measured.push(...(await measureInBrowser()));

const [reference, ...others] = measured;
const operations = Object.keys(reference.results);
const tables = [
  "Largest difference from `cpu`, of values / of gradients, each relative to the largest number of its tensor:",
  table(({ results }, name) => {
    const { forward, gradient } = reference.results[name];
    const ofGradients = gradient.length > 0 ? differenceOf(results[name].gradient, gradient) : "–";
    return `${differenceOf(results[name].forward, forward)} / ${ofGradients}`;
  }),
  "Times as fast as `cpu` in Node, of forward and gradient together, by medians; behind ± half the distance between the quartiles, in percent of the median:",
  table(({ results }, name) => {
    const [ratio, spread] = [
      quantile(reference.results[name].times, 0.5) / quantile(results[name].times, 0.5),
      spreadOf(results[name].times),
    ];
    return `${ratio.toPrecision(2)} ±${spread}`;
  }),
  `On: ${measured.map(({ title, device }) => `${title}: ${device}`).join("; ")}. Node ${process.versions.node}, ${cpus().length} processors, \`cpu\` itself ±${spreadOf(
    operations.flatMap((name) => {
      const median = quantile(reference.results[name].times, 0.5);
      return reference.results[name].times.map((time) => time / median);
    }),
  )}.`,
].join("\n\n");
console.log(tables);
if (process.argv.includes("--write")) {
  const page = fileURLToPath(new URL("../docs/backends.md", import.meta.url));
  const [before] = readFileSync(page, "utf8").split(/(?<=<!-- tables -->\n)/);
  writeFileSync(page, `${before}\n${tables}\n`);
}

async function measureInBrowser() {
  const load = createJiti(import.meta.url);
  const { browserPath, openBrowser } = await load.import("../test/browser/open-browser.ts");
  const { serveFiles } = await load.import("../test/browser/serve-files.ts");
  if (!browserPath) return [];
  const site = mkdtempSync(join(tmpdir(), "textdiffusion-backends-"));
  await build({
    entryPoints: [fileURLToPath(new URL("backends/page.mjs", import.meta.url))],
    outfile: join(site, "page.js"),
    bundle: true,
    platform: "browser",
    format: "esm",
    external: ["node:*", "tinyglobby"], // reached only by who names a file
    logLevel: "error",
  });
  writeFileSync(
    join(site, "index.html"),
    '<!doctype html><meta charset="utf-8"><script type="module" src="page.js"></script>',
  );
  const { resolve } = createRequire(import.meta.url);
  const server = await serveFiles(
    {
      "/wasm/": dirname(resolve("@tensorflow/tfjs-backend-wasm")),
      "/onnx/": dirname(resolve("onnxruntime-web/wasm")),
      "/model/": tinyModelFolder,
      "/": site,
    },
    { isolated: true },
  );
  const found = [];
  for (const name of inBrowser) {
    console.error(`Chromium, ${name}`);
    const browser = await openBrowser({ graphics: true }); // one each: what breaks one leaves the others
    try {
      const page = await browser.newPage();
      await page.goto(server.address);
      await page.waitForFunction(() => "measure" in globalThis);
      const result = await page.evaluate((backend) => globalThis.measure(backend), name);
      found.push({ title: `Chromium: ${name}`, ...result });
    } catch (error) {
      console.error(String(error));
    }
    await browser.close();
  }
  server.close();
  rmSync(site, { recursive: true });
  return found;
}

function table(cell) {
  const row = (cells) => `| ${cells.join(" | ")} |`;
  return [
    row(["operation", ...others.map(({ title }) => title)]),
    row(Array(others.length + 1).fill("---")),
    ...operations.map((name) =>
      row([name, ...others.map((backend) => (backend.results[name].error ? "fails" : cell(backend, name)))]),
    ),
  ].join("\n");
}

/** The worst of a list of tensors. One whose numbers are all but rounding next to the others' is measured against those. */
function differenceOf(found, expected) {
  const largest = expected.map((data) => Math.max(...data.map(Math.abs)));
  const floor = 1e-3 * Math.max(...largest);
  const worst = expected.map(
    (data, index) =>
      data.reduce((most, value, place) => {
        const difference = Math.abs(value - found[index][place]);
        return difference > most || Number.isNaN(difference) ? difference : most;
      }, 0) / Math.max(largest[index], floor),
  );
  const difference = Math.max(...worst);
  return difference === 0 ? "0" : difference.toExponential(0);
}

function spreadOf(times) {
  return `${Math.round((50 * (quantile(times, 0.75) - quantile(times, 0.25))) / quantile(times, 0.5))} %`;
}

function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round(share * (sorted.length - 1))];
}
