import { createRequire } from "node:module";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { encodeModel } from "../model/onnx-model.js";
import { messageOf, OnnxBackendError } from "../onnx-backend-error.js";
import { type OnnxRuntime, type OnnxSession, type SessionSettings, sentinel } from "./onnx-runtime.js";

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
    const load = (wantsSentinel: boolean): OnnxRuntime["load"] => {
      return (model, settings) => {
        const session = new native.InferenceSession();
        session.loadModel(model.buffer, model.byteOffset, model.byteLength, sessionOptions(settings));
        return {
          run: (feeds, fetches) => {
            if (wantsSentinel) runWithSentinel(session, feeds, fetches);
            else session.run(feeds, fetches, {});
          },
          release: () => session.dispose(),
        };
      };
    };
    const wantsSentinel = sentinelWorks(load(true), tensor);
    return { name, synchronous: true, wantsSentinel, tensor, load: load(wantsSentinel) };
  }
  return {
    name,
    synchronous: false,
    wantsSentinel: false,
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
  InferenceSession: new () => NativeSession;
}

interface NativeSession {
  loadModel(
    buffer: ArrayBufferLike,
    byteOffset: number,
    byteLength: number,
    options: InferenceSession.SessionOptions,
  ): void;
  run(feeds: object, fetches: object, options: object): void;
  dispose(): void;
}

/**
 * Runs a graph and keeps the binding from copying its results.
 *
 * The runtime writes into the arrays of `fetches`, and then the binding copies each output once more into a new
 * array, for a result that nobody looks at: with all parameters and moments as outputs that is a sixth of a training
 * step, most of it page faults. The first output is of a type that the binding cannot convert, so it stops there with
 * an error, after the run and before the copies. `sentinelWorks` has seen that it does.
 */
function runWithSentinel(session: NativeSession, feeds: object, fetches: object): void {
  try {
    session.run(feeds, { [sentinel]: null, ...fetches }, {});
  } catch (error) {
    if (!messageOf(error).startsWith(stoppedAtSentinel)) throw error;
  }
}

const stoppedAtSentinel = "Tensor type (16) is not supported";

/** Tries it on `y = -x`: the binding must stop with its message, and the result must be there. */
function sentinelWorks(load: OnnxRuntime["load"], tensor: OnnxRuntime["tensor"]): boolean {
  const [shape, domain] = [[1], ""];
  const model = encodeModel({
    name: "sentinel",
    nodes: [
      { name: "cast", operator: "Cast", domain, inputs: ["x"], outputs: [sentinel], attributes: { to: 16 } },
      { name: "negate", operator: "Neg", domain, inputs: ["x"], outputs: ["y"], attributes: {} },
    ],
    constants: [],
    inputs: [{ name: "x", type: "float32", shape }],
    outputs: [
      { name: sentinel, type: "bfloat16", shape },
      { name: "y", type: "float32", shape },
    ],
  });
  const result = new Float32Array(1);
  try {
    const session = load(model, plainSettings) as OnnxSession;
    session.run({ x: tensor("float32", Float32Array.of(3), shape) }, { y: tensor("float32", result, shape) });
    session.release();
    return result[0] === -3;
  } catch {
    return false;
  }
}

const plainSettings: SessionSettings = {
  threads: 1,
  executionProviders: ["cpu"],
  optimizationLevel: "disabled",
  memoryArena: false,
  externalData: [],
};

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
