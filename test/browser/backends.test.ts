import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { tinyModelFolder } from "@textdiffusion/tiny-model";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { loadTextDiffusion } from "textdiffusion";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browserPath, openBrowser, whyNoBrowser } from "./open-browser.js";
import { type FileServer, serveFiles } from "./serve-files.js";

const names = ["webgpu", "onnx", "webgl", "wasm"] as const;
const sampler = { name: "confidence", steps: 3, temperature: 0.7 } as const;
const request = { prompts: ["ROMEO:"], length: 16, seed: 3, frame: false };

// WebGPU on the processor compiles each shader for seconds.
describe.skipIf(browserPath === undefined)(
  `backends in Chromium${whyNoBrowser}`,
  { timeout: 180_000 },
  () => {
    const site = mkdtempSync(join(tmpdir(), "textdiffusion-web-"));
    let browser: Browser;
    let server: FileServer;
    let page: Page;

    beforeAll(async () => {
      await build({
        entryPoints: ["page", "worker"].map((out) => ({
          in: fileURLToPath(new URL(`backend-${out}.ts`, import.meta.url)),
          out,
        })),
        outdir: site,
        bundle: true,
        platform: "browser",
        format: "esm",
        external: ["node:*", "tinyglobby"], // reached only by who names a file
        tsconfig: fileURLToPath(new URL("../../tsconfig.test.json", import.meta.url)),
        logLevel: "error",
      });
      writeFileSync(
        join(site, "index.html"),
        '<!doctype html><meta charset="utf-8"><script type="module" src="page.js"></script>',
      );
      const resolve = createRequire(import.meta.url).resolve;
      server = await serveFiles(
        {
          "/wasm/": dirname(resolve("@tensorflow/tfjs-backend-wasm")),
          "/onnx/": dirname(resolve("onnxruntime-web/wasm")),
          "/model/": tinyModelFolder,
          "/": site,
        },
        { isolated: true },
      );
      browser = await openBrowser({ graphics: true });
      page = await browser.newPage();
      await page.goto(server.address);
    });
    afterAll(async () => {
      await browser?.close();
      server?.close();
      rmSync(site, { recursive: true, force: true });
    });

    const call = (name: string, ...args: unknown[]) =>
      page.evaluate(
        ([name, args]) =>
          (globalThis as never as Record<string, (...args: unknown[]) => unknown>)[name](...args),
        [name, args] as const,
      );

    it.each(names)("%s writes with the tiny model what Node writes, and leaves no tensor", async (name) => {
      const model = await loadTextDiffusion({ folder: tinyModelFolder, backend: "wasm", sampler });
      const { texts } = await model.generate(request);
      const expected: number[] = [];
      for await (const event of model.stream(request))
        if (event.kind === "step") expected.push(...event.revealed.map(({ logProb }) => logProb as number));
      await model.dispose();
      const found = (await call("generate", name, request, sampler)) as {
        readonly text: string;
        readonly logProbs: number[];
        readonly left: number;
      };
      expect([found.text]).toEqual(texts);
      expect(found.logProbs).toHaveLength(expected.length);
      found.logProbs.forEach((value, index) => {
        expect(value).toBeCloseTo(expected[index], 3);
      });
      expect(found.left).toBe(0);
    });

    it("a Worker writes the same, and hears of an abort although wasm computes at once", async () => {
      const here = (await call("generate", "wasm", request, sampler)) as { readonly text: string };
      expect(await call("generateInWorker", request)).toEqual({
        text: here.text,
        steps: 1,
        failure: "ABORTED",
      });
    });

    it("wasm writes the same with threads, where the page may share memory", async () => {
      const one = (await call("generate", "wasm", request, sampler)) as { readonly text: string };
      await page.reload(); // the first start decides
      const two = await call("generate", "wasm", request, sampler, 2);
      expect(two).toMatchObject({ text: one.text, device: "WebAssembly SIMD, 2 threads" });
    });

    it.each(names)("%s keeps the laws of backends, those of gradients too", async (name) => {
      expect(await call("brokenLaws", name)).toEqual([]);
    });

    it("auto passes imitated graphics processors by, and says so", async () => {
      const imitated = expect.stringContaining("imitated by the processor");
      expect(await call("auto")).toEqual({
        name: "onnx",
        passedBy: [
          { name: "webgpu", reason: imitated },
          { name: "webgl", reason: imitated },
          { name: "wasm", reason: "comes after onnx" },
        ],
      });
    });

    it("the doctor finds each", async () => {
      const report = (await call("doctor")) as {
        readonly isolated: boolean;
        readonly backends: { readonly name: string; readonly problem?: string }[];
      };
      expect(report.isolated).toBe(true);
      expect(report.backends.map(({ name, problem }) => [name, problem])).toEqual(
        names.map((name) => [name, undefined]),
      );
    });

    it.each([
      ["webgpu", "device lost"],
      ["webgl", "device lost"],
      ["wasm", "memory"],
    ])("%s: %s is an error that says what to do", async (name, harm) => {
      expect(await call("failureAfter", name, harm)).toMatch(
        new RegExp(
          `^\\[backend-web/${name}\\] expected the device to compute, got .*oad the model again.* \\(RUNTIME_FAILED\\)$`,
        ),
      );
    });
  },
);
