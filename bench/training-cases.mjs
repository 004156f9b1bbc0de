/** The encoders whose training step is measured. */
export const trainingCases = {
  small: { layers: 6, hidden: 384, heads: 6, feedForward: 1536, vocab: 65, batch: 8, seq: 256 },
  vocabulary: { layers: 4, hidden: 256, heads: 4, feedForward: 1024, vocab: 8192, batch: 16, seq: 128 },
  base: { layers: 12, hidden: 768, heads: 12, feedForward: 3072, vocab: 50265, batch: 4, seq: 128 },
};
