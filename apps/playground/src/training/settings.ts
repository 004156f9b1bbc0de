/** What a model is trained with, besides its text. */
export interface TrainingSettings {
  /** One of `sizes`. */
  readonly size: string;
  /** Tokens of a row, which are bytes here: of the text that is read at once, and of a text that is written. */
  readonly rowLength: number;
  readonly steps: number;
  /** Rows of a step. */
  readonly batchSize: number;
  /** The peak of it. */
  readonly learningRate: number;
  readonly seed: number;
  readonly backend: string;
}

/** Models that a page has the time for, by what they are called there. */
export const sizes: Readonly<
  Record<string, { readonly layers: number; readonly hidden: number; readonly heads: number }>
> = {
  "2 layers × 64": { layers: 2, hidden: 64, heads: 4 },
  "3 layers × 96": { layers: 3, hidden: 96, heads: 4 },
  "4 layers × 128": { layers: 4, hidden: 128, heads: 4 },
  "6 layers × 256": { layers: 6, hidden: 256, heads: 8 },
};

/** What the model folder says of how it was trained and writes. */
export const recorded = {
  schedule: "linear",
  collator: "stratified",
  sampler: { name: "confidence", steps: 60, temperature: 0.7 },
} as const;

/** The config with which `textdiffusion train` makes the same model of the same text. */
export function configOf({ size, rowLength, backend, ...training }: TrainingSettings) {
  const { steps } = training;
  return {
    ...recorded,
    ...(backend === "wasm" && { backend }), // the others have other names in Node
    data: { file: "text.txt", rowLength },
    model: { from: "new", ...sizes[size] },
    training: { ...training, beta2: 0.98, evaluateEvery: Math.ceil(steps / 20) },
  } as const;
}
