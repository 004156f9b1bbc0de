import { execFileSync } from "node:child_process";
import * as tf from "@tensorflow/tfjs-core";
import { byName, createPipeline, DiffusionError } from "@textdiffusion/core";
import { backendLaws, tensorflowProbe } from "@textdiffusion/testkit";
import { TfjsBackend } from "@textdiffusion/tfjs-backends";
import { afterEach, describe, expect, it } from "vitest";
import { nodePlatform } from "./backends.js";
import {
  backendNodePlugin,
  computingPackages,
  createBackend,
  doctor,
  graphicsProcessors,
  startBackend,
} from "./index.js";

const required = ["onnx", "wasm", "cpu"];
const found = (await doctor()).backends;
/** Those of this machine, and no others: npm test brings SwiftShader of Debian's Chromium for webgpu. */
const names = found.filter(({ problem }) => problem === undefined).map(({ name }) => name);
const isSoftware = (await graphicsProcessors()).every(({ imitated }) => imitated);
const hasGraphics = names.includes("webgpu");
// tfjs would do small tensors on the processor, and its shaders would not be tested.
if (hasGraphics) tf.env().set("WEBGPU_CPU_FORWARD", false);

for (const { name, problem } of found) {
  it.skipIf(problem !== undefined)(`${name} is tested here${problem ? ` (skipped: ${problem})` : ""}`, () =>
    expect(names).toEqual(expect.arrayContaining(required)),
  );
}

function backendsInTfjs(): string[] {
  return Object.keys(tf.engine().registry);
}

afterEach(() => {
  expect(tf.engine().state.numTensors).toBe(0);
  expect(backendsInTfjs()).toEqual([]);
});

describe.each([...names, "auto"])("%s keeps the laws", (name) => {
  for (const law of backendLaws(() => createBackend({ name }), { probe: tensorflowProbe(tf) })) {
    it.skipIf(law.skip !== undefined)(law.name, () => law.run());
  }
});

it("wasm says that memory is out instead of writing over what is there", async () => {
  const backend = await startBackend("wasm");
  const kept = tf.ones([64]);
  for (let round = 0; round < 2; round++) {
    expect(() => tf.fill([5, 256, 1024, 1024], 1)).toThrow(/backend-node\/wasm.*4 GiB.*RUNTIME_FAILED/); // 5 GiB
  }
  expect([...(await kept.data())]).toEqual(new Array(64).fill(1));
  kept.dispose();
  await backend.dispose();
});

describe.each(names)("%s", (name) => {
  it("starts twice and is disposed of twice, and again", async () => {
    const backend = createBackend({ name });
    for (let round = 0; round < 3; round++) {
      await backend.start();
      await backend.start();
      expect(tf.getBackend()).toBe(name === "cuda" ? "tensorflow" : name);
      expect(backend.capabilities).toMatchObject({ trains: true, precision: "float32" });
      expect(backend.capabilities.device).toMatch(/thread|WebGPU|TensorFlow/);
      await backend.dispose();
      await backend.dispose();
      expect(backendsInTfjs()).toEqual([]);
    }
  });

  it("counts the tensors that live and their bytes", async () => {
    const backend = await startBackend(name);
    const before = backend.memory();
    const tensor = tf.zeros([10, 10]);
    expect(backend.memory()).toEqual({ tensors: before.tensors + 1, bytes: before.bytes + 400 });
    tensor.dispose();
    expect(backend.memory()).toEqual(before);
    await backend.dispose();
  });

  it("is shared by those who started it, until the last one leaves", async () => {
    const [first, second] = await Promise.all([startBackend(name), startBackend(name)]);
    await first.dispose();
    const tensor = tf.tidy(() => tf.add(tf.scalar(1), tf.scalar(2)));
    expect([...(await tensor.data())]).toEqual([3]);
    tensor.dispose();
    await second.dispose();
  });

  it("stays for tensors that outlive it", async () => {
    const backend = await startBackend(name);
    const tensor = tf.tensor1d([1, 2]);
    await backend.dispose();
    expect([...(await tensor.data())]).toEqual([1, 2]);
    tensor.dispose();
    await (await startBackend(name)).dispose();
  });

  it("does 50 training steps without a tensor more", async () => {
    const backend = await startBackend(name);
    const weights = tf.tidy(() => tf.variable(tf.ones([8, 4]), true, `${name}-table`));
    const ids = tf.tensor1d([1, 5, 5, 7], "int32");
    const before = backend.memory();
    const losses: number[] = [];
    for (let step = 0; step < 50; step++) {
      const { value, grads } = tf.variableGrads(() =>
        tf.mean(tf.square(tf.sub(tf.gather(weights as unknown as tf.Tensor2D, ids), 3))),
      );
      tf.tidy(() => weights.assign(tf.sub(weights, tf.mul(grads[weights.name], 1))));
      losses.push((await value.data())[0]);
      tf.dispose([value, grads]);
    }
    expect(backend.memory()).toEqual(before);
    expect(losses[0]).toBeCloseTo(4, 6);
    expect(losses[49]).toBeLessThan(1e-3);
    tf.dispose([weights, ids]);
    await backend.dispose();
  });

  const onShaders = name === "webgpu";
  it.skipIf(onShaders)(
    `refuses a gather beyond the table${onShaders ? " (skipped: see below)" : ""}`,
    async () => {
      const backend = await startBackend(name);
      const table = tf.ones([5, 2]) as tf.Tensor2D;
      const ids = tf.tensor1d([0, 5], "int32");
      // At the call, or when the value is read where operations are recorded first.
      await expect(
        (async () => {
          const rows = tf.gather(table, ids);
          await rows.data().finally(() => rows.dispose());
        })(),
      ).rejects.toThrow(/5/);
      tf.dispose([table, ids]);
      await backend.dispose();
    },
  );
});

describe.skipIf(!hasGraphics)(
  `on a graphics processor${hasGraphics ? "" : " (skipped: webgpu says why above)"}`,
  () => {
    it("webgpu gathers zeros beyond the table, as errors cannot come back from a shader", async () => {
      const backend = await startBackend("webgpu");
      const rows = tf.tidy(() => tf.gather(tf.ones([5, 2]), tf.tensor1d([0, 5], "int32")));
      expect([...(await rows.data())]).toEqual([1, 1, 0, 0]);
      rows.dispose();
      await backend.dispose();
    });

    const onWebgpu = { name: "onnx", provider: "webgpu" } as const;
    describe("onnx on the provider webgpu keeps the laws", () => {
      for (const law of backendLaws(() => createBackend(onWebgpu), { probe: tensorflowProbe(tf) })) {
        it.skipIf(law.skip !== undefined)(law.name, () => law.run());
      }
    });

    it("one provider serves at a time, and the next one after it", async () => {
      const shaders = createBackend(onWebgpu);
      await shaders.start();
      expect(shaders.capabilities.device).toContain("WebGPU");
      expect(shaders.capabilities.trains).toBe(true);
      await expect(startBackend("onnx")).rejects.toThrow('running on the provider "webgpu" already');
      await shaders.dispose();
      const kernels = await startBackend("onnx", { threads: 1 });
      expect(kernels.capabilities.device).toMatch(/ONNX Runtime, 1 thread$/);
      await kernels.dispose();
    });
  },
);

it("only onnx has a provider", () => {
  expect(() => createBackend({ name: "wasm", provider: "webgpu" })).toThrow(
    '[backend-node/wasm] expected options of the backend "wasm", got provider, which only "onnx" has.',
  );
});

/** On Linux alone can the drivers of Vulkan be hidden from a process. */
const hides = process.platform === "linux";
it.skipIf(!hides)(
  `without a driver of Vulkan webgpu says what to install${hides ? "" : " (skipped: not on Linux)"}`,
  () => {
    const program = `
      import { createBackend } from ${JSON.stringify(new URL("../dist/index.js", import.meta.url).href)};
      for (const options of [{ name: "webgpu" }, { name: "onnx", provider: "webgpu" }])
        await createBackend(options).start().catch(({ code, message }) => console.log(code, message));`;
    const env = { ...process.env, VK_DRIVER_FILES: "/none.json", VK_ICD_FILENAMES: "/none.json" };
    const printed = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
      env,
      stdio: "pipe",
    });
    expect(String(printed).trim().split("\n")).toEqual([
      expect.stringMatching(
        /^BACKEND_UNAVAILABLE .*got none\. Install the Vulkan loader .*apt install libvulkan1/,
      ),
      expect.stringMatching(
        /^BACKEND_UNAVAILABLE .*"webgpu" to find a device, .*apt install libvulkan1.* the provider "cpu"/,
      ),
    ]);
  },
);

const absent = found.filter(({ packages }) => Object.values(packages).includes(undefined));
it.each(absent)("$name says what to install", ({ packages, problem }) => {
  const missing = Object.keys(packages).filter((name) => packages[name] === undefined);
  for (const name of missing) expect(problem).toMatch(new RegExp(`npm install.* ${name}@\\d`));
});

it("gives the active place back to the backend that was started before", async () => {
  const wasm = await startBackend("wasm");
  const cpu = await startBackend("cpu");
  expect(tf.getBackend()).toBe("cpu");
  await cpu.dispose();
  expect(tf.getBackend()).toBe("wasm");
  await wasm.dispose();
});

it("auto is the first backend that starts, and bears its name", async () => {
  const backend = createBackend();
  expect(backend.name).toBe("auto");
  await backend.start();
  expect(backend.name).toBe(names.filter((name) => !/webgpu/.test(name) || !isSoftware)[0]);
  await backend.dispose();
});

it("names what is known when asked for an unknown backend", () => {
  expect(() => createBackend({ name: "metal" })).toThrow(
    '[backend-node] expected a known backend, got "metal". Known: "auto", "cpu", "cuda", "onnx", "tensorflow", "wasm", "webgpu". Correct the name (UNKNOWN_COMPONENT)',
  );
});

it("says why a backend does not start and what to do, and starts once the cause is gone", async () => {
  let broken = true;
  const backend = new TfjsBackend(
    nodePlatform,
    {
      name: "cpu",
      description: "a backend whose package is missing at first",
      packages: [],
      remedy: "Install it",
      device: () => "test",
      load: async () => {
        if (broken) throw new Error("no such package");
        await import("@tensorflow/tfjs-backend-cpu");
      },
    },
    {},
  );
  const failure = await backend.start().catch((error: unknown) => error);
  expect(DiffusionError.is(failure, "BACKEND_UNAVAILABLE")).toBe(true);
  expect(String(failure)).toContain(
    '[backend-node/cpu] expected the backend to start, got "no such package". Install it (BACKEND_UNAVAILABLE)',
  );
  expect(() => backend.capabilities).toThrow("Await start() first");
  await backend.dispose();
  broken = false;
  await backend.start();
  await backend.dispose();
});

it.each(["auto", ...names])("a config may choose %s by name, with options", async (name) => {
  const pipeline = await createPipeline({
    plugins: [backendNodePlugin],
    backend: byName({ name, threads: 1 }),
  });
  const backend = await pipeline.get("backend");
  expect(backend.capabilities.trains).toBe(true);
  await pipeline.dispose();
});

it("refuses options that a backend does not have", async () => {
  await expect(
    createPipeline({ plugins: [backendNodePlugin], backend: byName({ name: "wasm", thread: 2 }) }),
  ).rejects.toThrow('got backend.thread. Options: "threads"');
});

it("doctor starts every backend and leaves the active one as it was", async () => {
  const backend = await startBackend("cpu");
  const report = await doctor();
  expect(report.backends.filter(({ problem }) => !problem).map(({ name }) => name)).toEqual(names);
  expect(report.backends.find(({ name }) => name === "wasm")?.packages).toEqual({
    "@tensorflow/tfjs-backend-wasm": "4.22.0",
  });
  expect(report.graphics.some(({ through }) => through === "WebGPU")).toBe(hasGraphics);
  expect(report).toMatchObject({ node: process.version, tfjs: "4.22.0" });
  expect(tf.getBackend()).toBe("cpu");
  await backend.dispose();
});

it("names the packages that a backend computes with", () => {
  const tfjs = { "@tensorflow/tfjs-core": "4.22.0" };
  expect(computingPackages("cpu")).toEqual({ ...tfjs, "@tensorflow/tfjs-backend-cpu": "4.22.0" });
  const runtime = { "onnxruntime-node": expect.stringMatching(/^1\.\d+\.\d+$/) };
  expect(computingPackages("onnx")).toMatchObject({ ...tfjs, ...runtime });
  expect(computingPackages("onnxruntime-node")).toEqual(runtime);
  expect(computingPackages("mine")).toEqual(tfjs);
});
