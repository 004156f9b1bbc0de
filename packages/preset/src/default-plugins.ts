import { backendNodePlugin } from "@textdiffusion/backend-node";
import { API_VERSION, definePlugin, type Plugin } from "@textdiffusion/core";
import { dataPlugin } from "@textdiffusion/data";
import { denoisersPlugin } from "@textdiffusion/denoisers";
import { hubPlugin } from "@textdiffusion/hub";
import { onnxDenoiserPlugin } from "@textdiffusion/onnx-denoiser";
import { samplersPlugin } from "@textdiffusion/samplers";
import { schedulesPlugin } from "@textdiffusion/schedules";
import { trainingPlugin } from "@textdiffusion/training/trainer";
import { huggingfaceDenoiser } from "./huggingface-denoiser.js";

/** Everything of ours that a config can name. */
export const defaultPlugins: readonly Plugin[] = [
  backendNodePlugin,
  dataPlugin,
  denoisersPlugin,
  hubPlugin,
  onnxDenoiserPlugin,
  samplersPlugin,
  schedulesPlugin,
  trainingPlugin,
  definePlugin({ name: "textdiffusion", apiVersion: API_VERSION, denoisers: [huggingfaceDenoiser] }),
];
