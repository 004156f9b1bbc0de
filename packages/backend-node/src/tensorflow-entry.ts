import * as tf from "@tensorflow/tfjs-core";
import { DiffusionError } from "@textdiffusion/core";
import { registerGradients } from "@textdiffusion/tfjs-backend-onnx";
import type { BackendEntry } from "@textdiffusion/tfjs-backends";
import { repairNodeUtil } from "./fixes/node-util.js";
import { cpuModel } from "./machine.js";
import { type NvidiaProcessor, nvidiaProcessors } from "./nvidia.js";
import { loadOptional, requireInstalled } from "./optional-packages.js";

const cpuPackage = "@tensorflow/tfjs-node";
const gpuPackage = "@tensorflow/tfjs-node-gpu";

/** TensorFlow's own library on the processor. */
export const tensorflowEntry: BackendEntry = {
  ...entryOf("tensorflow", cpuPackage),
  description: "TensorFlow's library on all cores, through tfjs-node",
  device: () => `${cpuModel()}, TensorFlow ${version}`,
};

/** TensorFlow's own library on NVIDIA's processors. */
export const cudaEntry: BackendEntry = {
  ...entryOf("cuda", gpuPackage),
  description: "NVIDIA's processors through CUDA, by tfjs-node-gpu",
  made(backend) {
    noteVersion(backend);
    if ((backend as TensorflowBackend).isUsingGpuDevice) return;
    throw new DiffusionError({
      code: "BACKEND_UNAVAILABLE",
      component: "backend-node/cuda",
      problem: "expected TensorFlow to find a graphics processor, got the processor alone",
      remedy:
        'Put the libraries of CUDA 11.2 and cuDNN 8.1 on the path of the loader, beside NVIDIA\'s driver, or ask for the backend "webgpu" or "onnx"',
    });
  },
  device: () => `${processors[0]?.name ?? "CUDA"}, TensorFlow ${version}`,
};

// --- internal ---

interface TensorflowBackend extends tf.KernelBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: { readonly TF_Version: string };
}

let version = "";
let processors: readonly NvidiaProcessor[] = [];
/** Both packages call their backend "tensorflow" and register its kernels: a process can have one. */
let loadedPackage: string | undefined;

const installAdvice = (name: string) =>
  `. Its install script downloads TensorFlow; where npm blocks scripts: npm install-scripts approve ${name} && npm rebuild ${name}`;

function entryOf(name: string, packageName: string) {
  let factory: () => tf.KernelBackend | Promise<tf.KernelBackend>;
  return {
    name,
    tfjsName: "tensorflow",
    packages: [packageName],
    remedy: `Let its install script run, which downloads TensorFlow: npm install-scripts approve ${packageName} && npm rebuild ${packageName}; or ask for the backend "onnx"`,
    async load({ threads }) {
      requireInstalled(name, { [packageName]: "4.22.0" }, installAdvice(packageName));
      if (loadedPackage !== undefined && loadedPackage !== packageName) {
        throw new Error(`${loadedPackage} loaded in this process, beside which ${packageName} cannot be`);
      }
      if (name === "cuda") processors = await nvidiaProcessors();
      process.env.TF_CPP_MIN_LOG_LEVEL ??= "2"; // it praises its instructions on the error stream
      if (threads !== undefined) process.env.TF_NUM_INTRAOP_THREADS ??= String(threads);
      repairNodeUtil();
      loadOptional(packageName);
      loadedPackage = packageName;
      factory = tf.findBackendFactory("tensorflow");
      tf.removeBackend("tensorflow"); // it made itself the active one
      await registerGradients(); // the package brings tfjs's own again, over those that are repaired
    },
    make: async () => factory(),
    made: noteVersion,
  } satisfies Partial<BackendEntry>;
}

function noteVersion(backend: tf.KernelBackend): void {
  version = (backend as TensorflowBackend).binding.TF_Version;
}
