import * as tf from "@tensorflow/tfjs-core";
import { gelu, geluTanh } from "@textdiffusion/ops";
import type { Activation } from "../config/encoder-config.js";

/** The activations of feed-forward layers by their Hugging Face names. */
export const activations: Readonly<Record<Activation, (x: tf.Tensor2D) => tf.Tensor2D>> = {
  gelu,
  gelu_new: geluTanh,
  gelu_pytorch_tanh: geluTanh,
  relu: tf.relu,
};
