import * as tf from "@tensorflow/tfjs-core";
import { backendNodePlugin, createBackend } from "@textdiffusion/backend-node";
import { createPipeline, DiffusionError } from "@textdiffusion/core";
import { pluginLaws, tensorflowProbe } from "@textdiffusion/testkit";
import { afterAll, describe, expect, it } from "vitest";
import plugin, { myComponentBackend } from "./index.js";

const cpu = createBackend({ name: "cpu" });
afterAll(() => cpu.dispose());

describe("the laws of a plugin, and of its component as a config makes it", async () => {
  const laws = await pluginLaws(plugin, {
    setting: () => ({ options: { backend: cpu }, laws: { probe: tensorflowProbe(tf) } }),
  });
  for (const law of laws) it.skipIf(law.skip !== undefined)(law.name, () => law.run());
});

describe("my-component", () => {
  it("says how many tensors were left", async () => {
    const backend = myComponentBackend({ backend: cpu, allowed: 1 });
    await backend.start();
    const left = [tf.scalar(1), tf.scalar(2)];
    await expect(backend.dispose()).rejects.toThrow(/at most 1 tensors to be left on cpu, got 2/);
    tf.dispose(left);
  });

  it("counts from its start, and each start anew", async () => {
    const backend = myComponentBackend({ backend: cpu });
    await backend.start();
    await backend.dispose();
    const older = tf.scalar(1);
    await backend.start();
    await backend.dispose();
    older.dispose();
  });

  it("can be named in a config, around another that is named", async () => {
    const pipeline = await createPipeline({
      plugins: [backendNodePlugin, plugin],
      backend: { name: "my-component", backend: { name: "cpu" } },
    });
    const { name, capabilities } = await pipeline.get("backend");
    expect(name).toBe("my-component of cpu");
    expect(capabilities.trains).toBe(true);
    const left = tf.scalar(1);
    const error = await pipeline.dispose().catch((reason: unknown) => reason);
    expect(DiffusionError.is(error, "RUNTIME_FAILED")).toBe(true);
    left.dispose();
  });
});
