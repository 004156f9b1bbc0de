import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { describePlayground } from "./playground-fixture.js";

const short = "#prompt=JULIET%3A&sampler=confidence&steps=2&length=16&seed=7";

// WebGPU on the processor compiles each shader for seconds.
const patience = { patienceMs: 140_000, timeout: 300_000 };

describePlayground("failures in the playground", { graphics: true, ...patience }, (playground) => {
  let page: Page;

  /** @param prepare - done in the Worker before anything is asked of it */
  async function open(backend: string, prepare: () => void = () => undefined) {
    page = await playground.open(`${short}&backend=${backend}`);
    await page.getByRole("button", { name: "Generate" }).and(page.locator(":enabled")).waitFor();
    await page.workers()[0].evaluate(prepare);
  }
  const inWorker = (work: () => void) => page.workers()[0].evaluate(work);
  const generate = () => page.getByRole("button", { name: "Generate" }).click();

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
    const text = await playground.write();
    await inWorker(() => (globalThis as never as { device: { destroy(): void } }).device.destroy());
    await generate();
    await playground.warns(
      /\[backend-web\/webgpu\] expected the device to compute, got the device lost.*\(RUNTIME_FAILED\)\. The next text loads/,
    );
    expect(await playground.write()).toBe(text);
    expect(await playground.alert.isHidden()).toBe(true);
  });

  it("without WebGPU it writes on what there is, and says why", async () => {
    await open("auto", () => Reflect.deleteProperty(Object.getPrototypeOf(navigator), "gpu"));
    await playground.write();
    const told = await page.locator("#backend").textContent();
    expect(told).toContain("Computed on WebAssembly");
    expect(told).toMatch(/Not on webgpu: .*no WebGPU in this browser or on this page/);
    expect(told).toMatch(/Not on onnx: no faster than wasm on one thread/);
    await page.getByLabel("Backend").selectOption("webgpu");
    await generate();
    await playground.warns(
      /no WebGPU in this browser or on this page.*ask for "webgl" or "wasm" \(BACKEND_UNAVAILABLE\)/,
    );
    await page.getByLabel("Backend").selectOption("onnx");
    await playground.write();
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
    await playground.warns(
      /\[backend-web\/wasm\] expected the device to compute, got no memory for \d+ bytes more\. .*take a smaller model.*\(RUNTIME_FAILED\)/,
    );
    await inWorker(() => (globalThis as never as { free(): void }).free());
    await playground.write();
  });

  it("a file of the model that ships that is not there is said, and asked for again", async () => {
    await playground.open(`${short}&backend=wasm`, {
      prepare: (page) => page.route(/safetensors/, (route) => route.fulfill({ status: 404 })),
    });
    await playground.warns(
      /^\[playground\/model\] expected the file .*safetensors.*got the answer 404.*\(FILE_NOT_FOUND\)/,
    );
    await playground.page.unroute(/safetensors/);
    await playground.write();
  });
});
