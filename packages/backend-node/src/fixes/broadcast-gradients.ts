import {
  add,
  div,
  Mean,
  registerGradient,
  reshape,
  Sum,
  type Tensor,
  unregisterGradient,
  util,
  zerosLike,
} from "@tensorflow/tfjs-core";

/**
 * Trap: the gradients of Sum and Mean multiply with `tf.ones`, which is no kernel but an array of the full size that is
 * filled on the host and copied to the backend in every step, 64 MB for logits of [2048, 8192].
 *
 * Repair: the gradient is spread by adding zeros that the backend makes itself, and Mean divides before it spreads.
 */
export function repairBroadcastGradients(): void {
  for (const kernelName of [Sum, Mean]) {
    unregisterGradient(kernelName); // registering over it would warn in debug mode
    registerGradient({
      kernelName,
      inputsToSave: ["x"],
      gradFunc: (upstream, [x], attributes) => {
        const axes = util.parseAxisParam(attributes.axis as number | number[], x.shape);
        const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
        const summed = x.size / util.sizeFromShape(kept);
        return {
          x: () => {
            const gradient = reshape(upstream as Tensor, kept);
            return add(kernelName === Mean ? div(gradient, summed) : gradient, zerosLike(x));
          },
        };
      },
    });
  }
}
