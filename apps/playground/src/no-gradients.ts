/** In place of the gradients of TensorFlow.js, which training alone needs. */
export {};
