import { createRequire } from "node:module";
import { encodeModel } from "../model/onnx-model.js";
import { messageOf, OnnxBackendError } from "../onnx-backend-error.js";
import { nodeRuntime } from "./node-runtime.js";

/**
 * Runs one sum on an execution provider of onnxruntime-node, which otherwise fails at the first read, or leaves the work to
 * the processor.
 *
 * @param provider - in the runtime's words, `"webgpu"` for example
 * @throws OnnxBackendError `BACKEND_UNAVAILABLE` where the runtime lacks the provider, or the provider its device
 */
export async function tryProvider(provider: string): Promise<void> {
  const { listSupportedBackends } = createRequire(import.meta.url)(
    "onnxruntime-node",
  ) as typeof import("onnxruntime-node");
  const bundled = listSupportedBackends().filter((backend) => backend.bundled);
  if (!bundled.some(({ name }) => name === provider)) {
    throw unavailable(
      `expected the provider "${provider}" in onnxruntime-node for ${process.platform}-${process.arch}, got ${bundled.map(({ name }) => `"${name}"`).join(", ")}`,
    );
  }
  const runtime = nodeRuntime({ synchronous: false });
  const shape = [2];
  const sum = new Float32Array(2);
  try {
    const session = await runtime.load(
      encodeModel({
        name: "provider",
        nodes: [
          { name: "add", operator: "Add", domain: "", inputs: ["x", "x"], outputs: ["y"], attributes: {} },
        ],
        constants: [],
        inputs: [{ name: "x", type: "float32", shape }],
        outputs: [{ name: "y", type: "float32", shape }],
      }),
      {
        threads: 1,
        executionProviders: [provider],
        optimizationLevel: "disabled",
        memoryArena: false,
        externalData: [],
      },
    );
    await session.run(
      { x: runtime.tensor("float32", Float32Array.of(1, 2), shape) },
      { y: runtime.tensor("float32", sum, shape) },
    );
    session.release();
  } catch (cause) {
    throw unavailable(
      `expected the provider "${provider}" to find a device, got "${lastSentence(messageOf(cause))}"`,
      cause,
    );
  }
  if (sum[0] !== 2 || sum[1] !== 4) {
    throw unavailable(`expected the provider "${provider}" to add [1, 2] to itself, got [${sum.join(", ")}]`);
  }
}

// --- internal ---

/** The runtime begins with files and functions of its own. */
function lastSentence(message: string): string {
  return message.trim().replace(/^.*was false\.\s*/s, "");
}

function unavailable(problem: string, cause?: unknown): OnnxBackendError {
  return new OnnxBackendError({
    code: "BACKEND_UNAVAILABLE",
    component: "provider",
    problem,
    remedy: 'Ask for the provider "cpu"',
    cause,
  });
}
