import { createRequire } from "node:module";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { messageOf, OnnxBackendError } from "../onnx-backend-error.js";
import type { OnnxRuntime, OnnxSession, SessionSettings } from "./onnx-runtime.js";

/**
 * ONNX Runtime's native library for Node. The public `run` of onnxruntime-node blocks the thread just as the native
 * function under it does; where that one is found, it is called directly, and tensors can be read synchronously.
 *
 * @param options.synchronous - false uses the public, asynchronous interface only
 * @throws OnnxBackendError `BACKEND_UNAVAILABLE` when the library cannot be loaded on this machine
 */
export function nodeRuntime({ synchronous = true }: { synchronous?: boolean } = {}): OnnxRuntime {
  const require = createRequire(import.meta.url);
  const library = load<typeof import("onnxruntime-node")>(() => require("onnxruntime-node"));
  const native = synchronous ? findNative(require) : undefined;
  const tensor: OnnxRuntime["tensor"] = (type, values, shape) =>
    new library.Tensor(type, values as Float32Array, shape);
  const name = "onnxruntime-node";
  if (native) {
    return {
      name,
      synchronous: true,
      tensor,
      load(model, settings) {
        const session = new native.InferenceSession();
        session.loadModel(model.buffer, model.byteOffset, model.byteLength, sessionOptions(settings));
        return {
          run: (feeds, fetches) => session.run(feeds, fetches, {}),
          release: () => session.dispose(),
        };
      },
    };
  }
  return {
    name,
    synchronous: false,
    tensor,
    async load(model, settings): Promise<OnnxSession> {
      const session = await library.InferenceSession.create(model, sessionOptions(settings));
      return {
        async run(feeds, fetches) {
          await session.run(feeds as Record<string, Tensor>, fetches as Record<string, Tensor>);
        },
        release: () => void session.release(),
      };
    },
  };
}

// --- internal ---

/** The part of `onnxruntime-node/dist/binding.js` that is used. */
interface NativeBinding {
  InferenceSession: new () => {
    loadModel(
      buffer: ArrayBufferLike,
      byteOffset: number,
      byteLength: number,
      options: InferenceSession.SessionOptions,
    ): void;
    run(feeds: object, fetches: object, options: object): void;
    dispose(): void;
  };
}

/** The module is not part of the public interface, so its absence is no error: the public interface does the same. */
function findNative(require: NodeJS.Require): NativeBinding | undefined {
  try {
    const { binding, initOrt } = require("onnxruntime-node/dist/binding.js");
    initOrt();
    const methods = binding.InferenceSession.prototype;
    return ["loadModel", "run", "dispose"].every((method) => method in methods) ? binding : undefined;
  } catch {
    return undefined;
  }
}

function load<Library>(require: () => Library): Library {
  try {
    return require();
  } catch (error) {
    throw new OnnxBackendError({
      code: "BACKEND_UNAVAILABLE",
      component: "node-runtime",
      problem: `expected the library of onnxruntime-node for ${process.platform}-${process.arch}, got "${messageOf(error)}"`,
      remedy: "Install onnxruntime-node 1.30.0 for this platform, or use another backend of tfjs",
      cause: error,
    });
  }
}

function sessionOptions(settings: SessionSettings): InferenceSession.SessionOptions {
  return {
    intraOpNumThreads: settings.threads,
    interOpNumThreads: 1,
    executionProviders: [...settings.executionProviders],
    graphOptimizationLevel: settings.optimizationLevel,
    enableCpuMemArena: settings.memoryArena,
    // A fixed layout of all memory of a run: no faster here, and 0.4 GB more at the peak of a training step.
    enableMemPattern: false,
    logSeverityLevel: 4, // errors are thrown, and warnings are about our constants
    // Idle threads sleep, so that they do not take the core from the program that records the next step.
    extra: { "session.intra_op.allow_spinning": "0" },
    ...(settings.externalData.length > 0 && { externalData: [...settings.externalData] }),
    ...(settings.profilePrefix && { enableProfiling: true, profileFilePrefix: settings.profilePrefix }),
  };
}
