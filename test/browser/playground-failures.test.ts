import { rmSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { buildPlayground } from "./build-playground.js";
import { browserPath, openBrowser, whyNoBrowser } from "./open-browser.js";
import { type FileServer, serveFiles } from "./serve-files.js";

const short = "#prompt=JULIET%3A&sampler=confidence&steps=2&length=16&seed=7";

// WebGPU on the processor compiles each shader for seconds.
describe.skipIf(browserPath === undefined)(
  `failures in the playground${whyNoBrowser}`,
  { timeout: 300_000 },
  () => {
    let site: string;
    let server: FileServer;
    let browser: Browser;
    let page: Page;

    beforeAll(async () => {
      site = await buildPlayground();
      server = await serveFiles({ "/": site });
      browser = await openBrowser({ graphics: true });
    }, 60_000);
    afterAll(async () => {
      await browser?.close();
      server?.close();
      rmSync(site, { recursive: true, force: true });
    });
    afterEach(() => page.context().close());

    /** @param prepare - done in the Worker before anything is asked of it */
    async function open(backend: string, prepare: () => void = () => undefined) {
      page = await browser.newPage({ serviceWorkers: "block" });
      page.setDefaultTimeout(140_000);
      await page.goto(`${server.address}/index.html${short}&backend=${backend}`);
      await page.getByRole("button", { name: "Generate" }).and(page.locator(":enabled")).waitFor();
      await page.workers()[0].evaluate(prepare);
    }
    const inWorker = (work: () => void) => page.workers()[0].evaluate(work);
    const alert = () => page.getByRole("alert");
    const generate = () => page.getByRole("button", { name: "Generate" }).click();
    const write = async () => {
      await generate();
      await page
        .getByRole("status")
        .getByText(/^Written after/)
        .waitFor();
      return page.locator("text-diffusion p").innerText();
    };

    it("a device that is lost is said, and the next text loads the model on a new one", async () => {
      await open("webgpu", () => {
        const { prototype } = (
          globalThis as never as { GPUAdapter: { prototype: { requestDevice(): Promise<object> } } }
        ).GPUAdapter;
        const request = prototype.requestDevice;
        prototype.requestDevice = async function (...options: []) {
          const device = await request.apply(this, options);
          Object.assign(globalThis, { device });
          return device;
        };
      });
      const text = await write();
      await inWorker(() => (globalThis as never as { device: { destroy(): void } }).device.destroy());
      await generate();
      await alert()
        .getByText(
          /\[backend-web\/webgpu\] expected the device to compute, got the device lost.*\(RUNTIME_FAILED\)\. The next text loads/,
        )
        .waitFor();
      expect(await write()).toBe(text);
      expect(await alert().isHidden()).toBe(true);
    });

    it("without WebGPU it writes on what there is, and says why", async () => {
      await open("auto", () => Reflect.deleteProperty(Object.getPrototypeOf(navigator), "gpu"));
      await write();
      const told = await page.locator("#backend").textContent();
      expect(told).toContain("Computed on WebAssembly");
      expect(told).toMatch(/Not on webgpu: .*no WebGPU in this browser or on this page/);
      expect(told).toMatch(/Not on onnx: no faster than wasm on one thread/);
      await page.getByLabel("Backend").selectOption("webgpu");
      await generate();
      await alert()
        .getByText(
          /no WebGPU in this browser or on this page.*ask for "webgl" or "wasm" \(BACKEND_UNAVAILABLE\)/,
        )
        .waitFor();
      await page.getByLabel("Backend").selectOption("onnx");
      await write();
      expect(await page.locator("#backend").textContent()).toContain(
        "Computed on ONNX Runtime, WebAssembly, 1 thread",
      );
    });

    it("memory that is out is said, and the next text begins anew", async () => {
      await open("wasm", () => {
        const { prototype } = WebAssembly.Memory;
        const { grow } = prototype;
        const full = () => {
          throw new RangeError("Maximum memory size exceeded");
        };
        Object.assign(prototype, { grow: full });
        Object.assign(globalThis, { free: () => Object.assign(prototype, { grow }) });
      });
      await generate();
      await alert()
        .getByText(
          /\[backend-web\/wasm\] expected the device to compute, got no memory for \d+ bytes more\. .*take a smaller model.*\(RUNTIME_FAILED\)/,
        )
        .waitFor();
      await inWorker(() => (globalThis as never as { free(): void }).free());
      await write();
    });

    it("a file of the model that ships that is not there is said, and asked for again", async () => {
      page = await browser.newPage({ serviceWorkers: "block" });
      await page.route(/safetensors/, (route) => route.fulfill({ status: 404 }));
      await page.goto(`${server.address}/index.html${short}&backend=wasm`);
      await alert()
        .getByText(
          /^\[playground\/model\] expected the file .*safetensors.*got the answer 404.*\(FILE_NOT_FOUND\)/,
        )
        .waitFor();
      await page.unroute(/safetensors/);
      await write();
    });
  },
);
