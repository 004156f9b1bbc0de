import type {
  Conv2DAttrs,
  Conv2DBackpropFilterAttrs,
  Conv2DBackpropInputAttrs,
  Conv3DAttrs,
  Conv3DBackpropFilterV2Attrs,
  Conv3DBackpropInputV2Attrs,
  DepthwiseConv2dNativeAttrs,
  DepthwiseConv2dNativeBackpropInputAttrs,
  FusedConv2DAttrs,
  TensorInfo,
} from "@tensorflow/tfjs-core";
import type { Operation } from "../graph/operation.js";
import type { KernelRecorder } from "../recording/kernel-recorder.js";
import { type ActivationAttributes, recordActivation } from "./activation.js";
import { recordBinary } from "./binary.js";
import { filterGradient, inputGradient } from "./convolution-gradient.js";
import { type KernelTable, kernel } from "./kernel.js";
import { padsAfter, type Window, window2d, window3d } from "./sliding-window.js";

/** Convolutions. ONNX wants channels first and tfjs mostly has them last, so most are wrapped in transpositions. */
export const convolutionKernels: KernelTable = {
  Conv2D: kernel<Conv2DAttrs>(({ x, filter }, attributes, recorder) =>
    recordConvolution(x, filter, convolution2d(x, filter, attributes), recorder),
  ),
  FusedConv2D: kernel<FusedConv2DAttrs>(
    ({ x, filter, bias, preluActivationWeights }, attributes, recorder) => {
      const result = recordConvolution(x, filter, convolution2d(x, filter, attributes), recorder);
      const { activation, leakyreluAlpha, dataFormat } = attributes;
      return finish(
        result,
        bias,
        { activation, leakyreluAlpha, preluActivationWeights },
        dataFormat,
        recorder,
      );
    },
  ),
  DepthwiseConv2dNative: kernel<DepthwiseConv2dNativeAttrs>(({ x, filter }, attributes, recorder) =>
    recordConvolution(x, filter, depthwise2d(x, filter, attributes), recorder),
  ),
  FusedDepthwiseConv2D: kernel<FusedConv2DAttrs>(
    ({ x, filter, bias, preluActivationWeights }, attributes, recorder) => {
      const result = recordConvolution(x, filter, depthwise2d(x, filter, attributes), recorder);
      const { activation, leakyreluAlpha, dataFormat } = attributes;
      return finish(
        result,
        bias,
        { activation, leakyreluAlpha, preluActivationWeights },
        dataFormat,
        recorder,
      );
    },
  ),
  Conv3D: kernel<Conv3DAttrs>(({ x, filter }, { strides, pad, dilations }, recorder) =>
    recordConvolution(x, filter, window3d(x.shape, filter.shape, strides, dilations, pad), recorder),
  ),
  Conv2DBackpropInput: kernel<Conv2DBackpropInputAttrs>(({ dy, filter }, attributes, recorder) => {
    const { inputShape, strides, pad, dimRoundingMode, dataFormat } = attributes;
    const window = window2d(inputShape, filter.shape, strides, 1, pad, dimRoundingMode, dataFormat);
    return recordInputGradient(dy, filter, inputShape, window, recorder);
  }),
  DepthwiseConv2dNativeBackpropInput: kernel<DepthwiseConv2dNativeBackpropInputAttrs>(
    ({ dy, filter }, { inputShape, strides, dilations, pad, dimRoundingMode }, recorder) => {
      const window = window2d(
        inputShape,
        filter.shape,
        strides,
        dilations,
        pad,
        dimRoundingMode,
        "NHWC",
        true,
      );
      return recordInputGradient(dy, filter, inputShape, window, recorder);
    },
  ),
  Conv3DBackpropInputV2: kernel<Conv3DBackpropInputV2Attrs>(
    ({ dy, filter }, { inputShape, strides, pad }, recorder) =>
      recordInputGradient(
        dy,
        filter,
        inputShape,
        window3d(inputShape, filter.shape, strides, 1, pad),
        recorder,
      ),
  ),
  Conv2DBackpropFilter: kernel<Conv2DBackpropFilterAttrs>(({ x, dy }, attributes, recorder) => {
    const { filterShape, strides, pad, dimRoundingMode, dataFormat } = attributes;
    const window = window2d(x.shape, filterShape, strides, 1, pad, dimRoundingMode, dataFormat);
    return recordFilterGradient(x, dy, filterShape, window, recorder);
  }),
  DepthwiseConv2dNativeBackpropFilter: kernel<DepthwiseFilterGradientAttributes>(
    ({ x, dy }, { filterShape, strides, dilations, pad, dimRoundingMode }, recorder) => {
      const window = window2d(x.shape, filterShape, strides, dilations, pad, dimRoundingMode, "NHWC", true);
      return recordFilterGradient(x, dy, filterShape, window, recorder);
    },
  ),
  Conv3DBackpropFilterV2: kernel<Conv3DBackpropFilterV2Attrs>(
    ({ x, dy }, { filterShape, strides, pad }, recorder) =>
      recordFilterGradient(x, dy, filterShape, window3d(x.shape, filterShape, strides, 1, pad), recorder),
  ),
};

// --- internal ---

interface DepthwiseFilterGradientAttributes
  extends Omit<DepthwiseConv2dNativeBackpropInputAttrs, "inputShape"> {
  readonly filterShape: number[];
}

function convolution2d(x: TensorInfo, filter: TensorInfo, attributes: Conv2DAttrs): Window {
  const { strides, dilations, pad, dimRoundingMode, dataFormat } = attributes;
  return window2d(x.shape, filter.shape, strides, dilations, pad, dimRoundingMode, dataFormat);
}

function depthwise2d(x: TensorInfo, filter: TensorInfo, attributes: DepthwiseConv2dNativeAttrs): Window {
  const { strides, dilations, pad, dimRoundingMode } = attributes;
  return window2d(x.shape, filter.shape, strides, dilations ?? [1, 1], pad, dimRoundingMode, "NHWC", true);
}

function recordConvolution(
  x: TensorInfo,
  filter: TensorInfo,
  window: Window,
  recorder: KernelRecorder,
): TensorInfo {
  return recorder.record(convolutionOperation, [x, filter], { ...window }, [
    { shape: window.outShape, dtype: x.dtype },
  ])[0];
}

function recordInputGradient(
  dy: TensorInfo,
  filter: TensorInfo,
  shape: readonly number[],
  window: Window,
  recorder: KernelRecorder,
): TensorInfo {
  return recorder.record(inputGradientOperation, [dy, filter], { ...window }, [
    { shape, dtype: dy.dtype },
  ])[0];
}

function recordFilterGradient(
  x: TensorInfo,
  dy: TensorInfo,
  shape: readonly number[],
  window: Window,
  recorder: KernelRecorder,
): TensorInfo {
  return recorder.record(filterGradientOperation, [x, dy], { ...window }, [{ shape, dtype: x.dtype }])[0];
}

/** Adds the bias and applies the activation; both are given one a channel. */
function finish(
  result: TensorInfo,
  bias: TensorInfo | undefined,
  activation: ActivationAttributes,
  dataFormat: string,
  recorder: KernelRecorder,
): TensorInfo {
  const perChannel = (given: TensorInfo): TensorInfo =>
    dataFormat === "NCHW" && given.shape.length === 1 && given.shape[0] !== 1
      ? { ...given, shape: [given.shape[0], 1, 1] }
      : given;
  const biased = bias
    ? recorder.replace(result, recordBinary("Add", result, perChannel(bias), recorder))
    : result;
  const weights = activation.preluActivationWeights;
  return recordActivation(
    biased,
    { ...activation, preluActivationWeights: weights && perChannel(weights) },
    recorder,
  );
}

/** `[batch, ...space, channels]` and back. */
function toChannelsFirst(rank: number): number[] {
  return [0, rank - 1, ...range(1, rank - 1)];
}

function toChannelsLast(rank: number): number[] {
  return [0, ...range(2, rank), 1];
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

const convolutionOperation: Operation = {
  name: "Convolution",
  lower(graph, { attributes, inputs: [x, filter], outputs: [output] }) {
    const window = attributes as unknown as Window;
    const rank = x.shape.length;
    const input = window.channelsFirst
      ? graph.value(x)
      : graph.operator("Transpose", [graph.value(x)], { perm: toChannelsFirst(rank) });
    const weights = graph.operator("Transpose", [graph.value(filter)], {
      perm: filterPerm(rank, window.depthwise),
    });
    const group = window.depthwise ? filter.shape[rank - 2] : 1;
    const shape = [window.outChannels, filter.shape[rank - 2] / group, ...window.filter];
    const convolved = graph.operator("Conv", [input, graph.reshape(weights, shape)], {
      kernel_shape: window.filter,
      strides: window.strides,
      dilations: window.dilations,
      pads: [...window.before, ...padsAfter(window)],
      group,
    });
    const result = window.channelsFirst
      ? convolved
      : graph.operator("Transpose", [convolved], { perm: toChannelsLast(rank) });
    graph.bind(output, result);
  },
};

/** `[...space, in, out]` to `[out, in, ...space]`; a depthwise filter is `[...space, in, times]` to `[in, times, ...space]`. */
function filterPerm(rank: number, depthwise: boolean): number[] {
  const [inputs, outputs] = [rank - 2, rank - 1];
  return [...(depthwise ? [inputs, outputs] : [outputs, inputs]), ...range(0, rank - 2)];
}

const inputGradientOperation: Operation = {
  name: "ConvolutionInputGradient",
  lower(graph, { attributes, inputs: [dy, filter], outputs: [output] }) {
    const window = attributes as unknown as Window;
    const rank = dy.shape.length;
    const upstream = window.channelsFirst
      ? graph.value(dy)
      : graph.operator("Transpose", [graph.value(dy)], { perm: toChannelsFirst(rank) });
    const weights = graph.operator("Transpose", [graph.value(filter)], {
      perm: filterPerm(rank, window.depthwise),
    });
    const group = window.depthwise ? filter.shape[rank - 2] : 1;
    const shape = [window.outChannels, filter.shape[rank - 2] / group, ...window.filter];
    const whole = inputGradient(graph, upstream, graph.reshape(weights, shape), window, group);
    const result = window.channelsFirst
      ? whole
      : graph.operator("Transpose", [whole], { perm: toChannelsLast(rank) });
    graph.bind(output, result);
  },
};

/** A convolution of the input by the gradient, in which batch and channels have changed places. */
const filterGradientOperation: Operation = {
  name: "ConvolutionFilterGradient",
  lower(graph, { attributes, inputs: [x, dy], outputs: [output] }) {
    const window = attributes as unknown as Window;
    const rank = x.shape.length;
    const space = range(1, rank - 1);
    const perm = window.channelsFirst ? [1, 0, ...range(2, rank)] : [rank - 1, 0, ...space];
    const input = graph.operator("Transpose", [graph.value(x)], { perm }); // [in, batch, ...space]
    const upstream = graph.operator("Transpose", [graph.value(dy)], { perm }); // [out, batch, ...space]
    const toFilter = [...range(2, rank), 0, 1];
    if (!window.depthwise) {
      const gradient = filterGradient(graph, input, upstream, window, 1); // [in, out, ...filter]
      graph.bind(output, graph.operator("Transpose", [gradient], { perm: toFilter }));
      return;
    }
    const [channels, batch, ...size] = [x.shape[rank - 1], x.shape[0], ...window.in];
    const oneBatch = graph.reshape(input, [1, channels * batch, ...size]); // each channel is a group of its rows
    const gradient = filterGradient(graph, oneBatch, upstream, window, channels); // [1, channels * times, ...filter]
    const split = graph.reshape(gradient, [channels, window.outChannels / channels, ...window.filter]);
    graph.bind(output, graph.operator("Transpose", [split], { perm: toFilter }));
  },
};
