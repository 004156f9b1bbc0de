import * as tf from "@tensorflow/tfjs-core";
import { expect, it, vi } from "vitest";
import { startBackend } from "./index.js";

// In a file of its own: nothing else in this process may have started a backend.
it("registers nothing and prints nothing until start, and has gradients after it", async () => {
  const printed = (["log", "info", "warn", "error"] as const).map((method) => vi.spyOn(console, method));
  expect(Object.keys(tf.engine().registryFactory)).toEqual([]);
  expect(tf.getGradient("Abs")).toBeUndefined();

  for (const name of ["wasm", "cpu", "wasm"]) {
    const backend = await startBackend(name);
    const gradient = tf.tidy(() => tf.grad((x: tf.Tensor) => tf.sum(tf.abs(x)))(tf.tensor1d([3, -2])));
    expect([...(await gradient.data())]).toEqual([1, -1]);
    gradient.dispose();
    await backend.dispose();
  }
  for (const method of printed) expect(method).not.toHaveBeenCalled();
});
