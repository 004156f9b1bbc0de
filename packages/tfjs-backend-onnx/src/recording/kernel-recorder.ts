import type { DataType, TensorInfo } from "@tensorflow/tfjs-core";
import type { Operation } from "../graph/operation.js";
import type { ComputedType, Values } from "./recorded-node.js";

export interface ResultSpec {
  readonly shape: readonly number[];
  readonly dtype: DataType;
}

/** What kernels may ask of the backend. None of it computes anything, but `host`, which takes what the host computed. */
export interface KernelRecorder {
  /**
   * Records an operation.
   *
   * @param attributes - numbers, strings and lists of numbers that, with the inputs' shapes, decide the result
   * @returns the results, to be computed later
   */
  record(
    operation: Operation,
    inputs: readonly TensorInfo[],
    attributes: Readonly<Record<string, unknown>>,
    results: readonly ResultSpec[],
  ): TensorInfo[];
  /** Lets go of a tensor that was only a step towards another, which is returned. */
  replace(step: TensorInfo, result: TensorInfo): TensorInfo;
  /** The same values in another shape; nothing is recorded. */
  share(tensor: TensorInfo, shape: readonly number[]): TensorInfo;
  /** One number everywhere; takes no memory until an operator needs it in full. */
  fill(shape: readonly number[], dtype: DataType, value: number): TensorInfo;
  /** One string everywhere. */
  text(shape: readonly number[], value: string): TensorInfo;
  /** A result that the kernel has computed on the host; the array is taken over. */
  host(shape: readonly number[], dtype: ComputedType, values: Values): TensorInfo;
  /** The number that every element of a fill is. */
  uniform(tensor: TensorInfo): number | undefined;
  /** The values, for a result whose shape depends on them. Runs what is recorded. */
  valuesNow(tensor: TensorInfo): Values;
  /** The values, where they are on the host already. */
  known(tensor: TensorInfo): Values | undefined;
}
