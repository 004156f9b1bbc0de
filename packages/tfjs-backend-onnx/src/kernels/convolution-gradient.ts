import type { GraphBuilder } from "../graph/graph-builder.js";
import type { Window } from "./sliding-window.js";

/**
 * The gradient of a convolution's input: each number of the gradient is spread over the window that it came from.
 *
 * @param upstream - [batch, out, ...out space]
 * @param weights - [out, in / group, ...filter]
 * @returns [batch, in, ...in space]
 */
export function inputGradient(
  graph: GraphBuilder,
  upstream: string,
  weights: string,
  window: Window,
  group: number,
): string {
  // What the windows cover beyond the input is cut off; what they leave of it gets no gradient.
  const after = window.filter.map((size, axis) => {
    const covered = (window.out[axis] - 1) * window.strides[axis] + (size - 1) * window.dilations[axis] + 1;
    return covered - window.before[axis] - window.in[axis];
  });
  const gradient = graph.operator("ConvTranspose", [upstream, weights], {
    kernel_shape: window.filter,
    strides: window.strides,
    dilations: window.dilations,
    pads: [...window.before, ...after.map((size) => Math.max(size, 0))],
    group,
  });
  if (after.every((size) => size >= 0)) return gradient;
  const pads = [0, 0, ...window.filter.map(() => 0), 0, 0, ...after.map((size) => Math.max(-size, 0))];
  return graph.operator("Pad", [gradient, graph.integers(pads), graph.scalar("float32", 0)]);
}

/**
 * The gradient of a convolution's filter: the input is convolved by the gradient, in steps of the dilation.
 *
 * @param input - [in, batch, ...in space], or [1, group * batch, ...in space]
 * @param upstream - [out, batch, ...out space]
 * @returns [in, out, ...filter], or [1, out, ...filter]
 */
export function filterGradient(
  graph: GraphBuilder,
  input: string,
  upstream: string,
  window: Window,
  group: number,
): string {
  const after = window.filter.map((size, axis) => {
    const covered = (window.out[axis] - 1) * window.strides[axis] + (size - 1) * window.dilations[axis] + 1;
    return covered - window.before[axis] - window.in[axis];
  });
  const gradient = graph.operator("Conv", [input, upstream], {
    kernel_shape: window.out,
    strides: window.dilations,
    dilations: window.strides,
    pads: [...window.before, ...after.map((size) => Math.max(size, 0))],
    group,
  });
  if (after.every((size) => size >= 0)) return gradient;
  // The windows leave a part of the input out, so there is more of the gradient than of the filter.
  const axes = window.filter.map((_, axis) => axis + 2);
  const starts = graph.integers(axes.map(() => 0));
  return graph.operator("Slice", [gradient, starts, graph.integers(window.filter), graph.integers(axes)]);
}
