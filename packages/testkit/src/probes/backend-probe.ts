/** Numbers with a shape, on the host. */
export interface HostTensor {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

/**
 * How laws compute on the backend that was started last. A backend is judged by what it computes, and its contract has no
 * operations of its own: `tensorflowProbe` is the probe of every backend of TensorFlow.js.
 */
export interface BackendProbe {
  /** A formula of `probeFormulas`, by name, on the device. Leaves nothing there. */
  compute(formula: string, inputs: readonly HostTensor[]): Promise<ArrayLike<number>>;
  /** Gradients of `sum(weights * formula(inputs))` with respect to each input, on the device. Leaves nothing there. */
  differentiate(
    formula: string,
    inputs: readonly HostTensor[],
    weights: HostTensor,
  ): Promise<readonly ArrayLike<number>[]>;
  /** Allocates a float32 tensor. @returns frees it */
  hold(shape: readonly number[]): () => void;
}

/** A formula in doubles on the host, and inputs that it takes. */
export interface ProbeFormula {
  /** Shapes of inputs, from three sizes. */
  shapes(a: number, b: number, c: number): readonly (readonly number[])[];
  output(a: number, b: number, c: number): readonly number[];
  compute(inputs: readonly HostTensor[]): Float64Array;
}

/** What networks are made of: a product, its activation, a normalisation, a softmax, broadcasting and a mean. */
export const probeFormulas: Readonly<Record<string, ProbeFormula>> = {
  /** x [a, b] times y [b, c] */
  product: {
    shapes: (a, b, c) => [
      [a, b],
      [b, c],
    ],
    output: (a, _, c) => [a, c],
    compute: ([x, y]) => {
      const [[rows, inner], columns] = [x.shape, y.shape[1]];
      const result = new Float64Array(rows * columns);
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++)
          for (let at = 0; at < inner; at++)
            result[row * columns + column] += x.values[row * inner + at] * y.values[at * columns + column];
      return result;
    },
  },
  /** log softmax of x [a, b] along its rows */
  logSoftmax: {
    shapes: (a, b) => [[a, b]],
    output: (a, b) => [a, b],
    compute: ([x]) =>
      byRow(x, (row) => {
        const largest = Math.max(...row);
        const logSum = largest + Math.log(row.reduce((sum, value) => sum + Math.exp(value - largest), 0));
        return row.map((value) => value - logSum);
      }),
  },
  /** tanh(x + y), x [a, b] and y [b] */
  addTanh: {
    shapes: (a, b) => [[a, b], [b]],
    output: (a, b) => [a, b],
    compute: ([x, y]) => byRow(x, (row) => row.map((value, at) => Math.tanh(value + y.values[at]))),
  },
  /** (x - mean) / sqrt(variance + 0.1) of x [a, b] along its rows */
  normalise: {
    shapes: (a, b) => [[a, b]],
    output: (a, b) => [a, b],
    compute: ([x]) =>
      byRow(x, (row) => {
        const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
        const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
        return row.map((value) => (value - mean) / Math.sqrt(variance + 0.1));
      }),
  },
};

// --- internal ---

function byRow({ shape, values }: HostTensor, of: (row: number[]) => number[]): Float64Array {
  const width = shape[shape.length - 1];
  const all = Array.from(values);
  const rows = Array.from({ length: all.length / width }, (_, row) =>
    of(all.slice(row * width, (row + 1) * width)),
  );
  return Float64Array.from(rows.flat());
}
