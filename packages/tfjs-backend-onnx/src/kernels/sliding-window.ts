import { backend_util } from "@tensorflow/tfjs-core";

/** How a filter or a pool moves over its input; the lists have one number for each axis of space. */
export interface Window {
  readonly in: readonly number[];
  readonly out: readonly number[];
  readonly outShape: readonly number[];
  readonly outChannels: number;
  readonly filter: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Padding before the input. */
  readonly before: readonly number[];
  readonly channelsFirst: boolean;
  readonly depthwise: boolean;
}

type Rounding = "floor" | "round" | "ceil";
type Pad2d = "valid" | "same" | number | backend_util.ExplicitPadding;
type Step2d = number | [number, number];
type Step3d = number | [number, number, number];

export function window2d(
  shape: readonly number[],
  filter: readonly number[],
  strides: Step2d,
  dilations: Step2d,
  pad: Pad2d,
  rounding: Rounding | undefined,
  dataFormat: "NHWC" | "NCHW" = "NHWC",
  depthwise = false,
): Window {
  const channelsFirst = dataFormat === "NCHW";
  const info = backend_util.computeConv2DInfo(
    shape as [number, number, number, number],
    filter as [number, number, number, number],
    strides,
    dilations,
    pad,
    rounding,
    depthwise,
    channelsFirst ? "channelsFirst" : "channelsLast",
  );
  return {
    in: [info.inHeight, info.inWidth],
    out: [info.outHeight, info.outWidth],
    outShape: info.outShape,
    outChannels: info.outChannels,
    filter: [info.filterHeight, info.filterWidth],
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    before: [info.padInfo.top, info.padInfo.left],
    channelsFirst,
    depthwise,
  };
}

export function window3d(
  shape: readonly number[],
  filter: readonly number[],
  strides: Step3d,
  dilations: Step3d,
  pad: "valid" | "same",
): Window {
  const info = backend_util.computeConv3DInfo(
    shape as [number, number, number, number, number],
    filter as [number, number, number, number, number],
    strides,
    dilations,
    pad,
  );
  return {
    in: [info.inDepth, info.inHeight, info.inWidth],
    out: [info.outDepth, info.outHeight, info.outWidth],
    outShape: info.outShape,
    outChannels: info.outChannels,
    filter: [info.filterDepth, info.filterHeight, info.filterWidth],
    strides: [info.strideDepth, info.strideHeight, info.strideWidth],
    dilations: [info.dilationDepth, info.dilationHeight, info.dilationWidth],
    before: [info.padInfo.front, info.padInfo.top, info.padInfo.left],
    channelsFirst: false,
    depthwise: false,
  };
}

/** The padding after the input with which ONNX arrives at the same number of windows, however tfjs rounded it. */
export function padsAfter({ in: input, out, filter, strides, dilations, before }: Window): number[] {
  return filter.map((size, axis) => {
    const covered = (out[axis] - 1) * strides[axis] + (size - 1) * dilations[axis] + 1;
    return Math.max(covered - before[axis] - input[axis], 0);
  });
}
