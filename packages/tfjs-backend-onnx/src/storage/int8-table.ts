/** The right factor of a matrix product as integers: `weight[k][n] = values[k * columns + n] * scales[n]`. */
export interface Int8Table {
  /** From -63 to 63; shape [inner, columns]. */
  readonly values: Int8Array;
  /** One for each column of the product; shape [columns]. */
  readonly scales: Float32Array;
  readonly inner: number;
  readonly columns: number;
  /** Whether the floats were [columns, inner]. */
  readonly transposed: boolean;
}

/**
 * Seven bits of the eight: processors without VNNI add two products of 255 * value in 16 bits with saturation, and
 * 2 * 255 * 63 still fits. So every machine gets the same integers.
 */
const largestInteger = 63;

/**
 * Rounds each column of a weight to multiples of a 63rd of its largest entry, so that no entry moves by more than half
 * of that.
 *
 * @param shape - [inner, columns], or [columns, inner] where the product transposes it
 * @returns undefined where a number is not finite
 */
export function quantize(
  weight: Float32Array,
  shape: readonly number[],
  transposed: boolean,
): Int8Table | undefined {
  const [inner, columns] = transposed ? [shape[1], shape[0]] : shape;
  const [acrossInner, acrossColumns] = transposed ? [1, inner] : [columns, 1];
  const values = new Int8Array(inner * columns);
  const scales = new Float32Array(columns);
  for (let column = 0; column < columns; column++) {
    const start = column * acrossColumns;
    let largest = 0;
    for (let k = 0; k < inner; k++) largest = Math.max(largest, Math.abs(weight[start + k * acrossInner]));
    if (!Number.isFinite(largest)) return undefined;
    scales[column] = largest / largestInteger;
    if (scales[column] === 0) continue;
    for (let k = 0; k < inner; k++) {
      values[k * columns + column] = Math.round(weight[start + k * acrossInner] / scales[column]);
    }
  }
  return { values, scales, inner, columns, transposed };
}

/** The floats that a table stands for, in the shape that they had. */
export function dequantize({ values, scales, inner, columns, transposed }: Int8Table): Float32Array {
  const [acrossInner, acrossColumns] = transposed ? [1, inner] : [columns, 1];
  const weight = new Float32Array(values.length);
  for (let k = 0; k < inner; k++) {
    for (let column = 0; column < columns; column++) {
      weight[k * acrossInner + column * acrossColumns] = values[k * columns + column] * scales[column];
    }
  }
  return weight;
}
