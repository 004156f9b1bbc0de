import * as tf from "@tensorflow/tfjs-core";
import { byName, createPipeline, DiffusionError } from "@textdiffusion/core";
import { backendLaws, tensorflowProbe } from "@textdiffusion/testkit";
import { TfjsBackend } from "@textdiffusion/tfjs-backends";
import { afterEach, describe, expect, it } from "vitest";
import { nodePlatform } from "./backends.js";
import { backendNodePlugin, computingPackages, createBackend, doctor, startBackend } from "./index.js";

const names = ["onnx", "wasm", "cpu"];

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
      expect(tf.getBackend()).toBe(name);
      expect(backend.capabilities).toMatchObject({ trains: true, precision: "float32" });
      expect(backend.capabilities.device).toContain("thread");
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

  it("refuses a gather beyond the table", async () => {
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
  });
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
  expect(backend.name).toBe("onnx");
  await backend.dispose();
});

it("names what is known when asked for an unknown backend", () => {
  expect(() => createBackend({ name: "cuda" })).toThrow(
    '[backend-node] expected a known backend, got "cuda". Known: "auto", "cpu", "onnx", "wasm". Correct the name (UNKNOWN_COMPONENT)',
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
  expect(report.backends.map(({ name, problem }) => [name, problem])).toEqual(
    names.map((name) => [name, undefined]),
  );
  expect(report.backends[1].packages).toEqual({ "@tensorflow/tfjs-backend-wasm": "4.22.0" });
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
