import type { EncoderConfig } from "../config/encoder-config.js";

/**
 * Fresh weights whose attention heads look at their neighbours from the first step on: head 0 at the token before,
 * head 1 at the one after, head 2 two before, and so on.
 *
 * A masked language model that starts from small random weights first learns how often each token occurs and then
 * stays there for long: with positions embedded absolutely, finding "the token before" takes thousands of steps, and
 * nothing can be learned from neighbours that no head looks at. So the positions start as sine and cosine pairs, and
 * the query and key of each head start as a rotation of those pairs into each other, so that the score of query `i` and
 * key `j` is largest where `j - i` is the head's offset. All of it is only a start: every weight is trained, and the
 * model is an ordinary RoBERTa or BERT. The idea of giving attention its structure in the initial weights is that of
 * Trockman and Kolter 2023, "Mimetic Initialization of Self-Attention Layers"; the form is ours, measured in docs/log.md.
 *
 * @param name - Hugging Face name of the weight
 * @param data - filled with normal numbers of standard deviation `config.initializerRange`; overwritten where needed
 */
export function shapeNeighbourHeads(config: EncoderConfig, name: string, data: Float32Array): void {
  if (name.endsWith("position_embeddings.weight")) writeWaves(config, data);
  else if (name.endsWith("attention.self.query.weight")) writeRotations(config, data, () => 0);
  else if (name.endsWith("attention.self.key.weight")) writeRotations(config, data, neighbourOffset);
}

/** Wide enough for small models to be heard at once; 0.05 for a width of 144. */
export function neighbourHeadsDeviation(hidden: number): number {
  return 0.6 / Math.sqrt(hidden);
}

// --- internal ---

/** The amplitude of a position's waves over the deviation of a token's embedding: position first, token audible. */
const waveAmplitude = 2;
/** Gain of query and key: scores of neighbours a few nats above the rest, far from saturation. */
const gain = 1.3;
/** What is left of the random part of query and key. */
const noiseShare = 0.2;

/** -1, +1, -2, +2, ... */
function neighbourOffset(head: number): number {
  const distance = Math.floor(head / 2) + 1;
  return head % 2 === 0 ? -distance : distance;
}

/** Half a turn a token for the first pair, down to half a turn over all positions for the last. */
function frequencyOf(config: EncoderConfig, pair: number): number {
  const pairs = Math.floor(config.hidden / 2);
  return Math.PI * config.positions ** (-pair / Math.max(1, pairs - 1));
}

/** Position embedding; shape [positions, hidden]. */
function writeWaves(config: EncoderConfig, data: Float32Array): void {
  const { hidden, positions, initializerRange } = config;
  for (let position = 0; position < positions; position++) {
    for (let pair = 0; 2 * pair + 1 < hidden; pair++) {
      const angle = position * frequencyOf(config, pair);
      data[position * hidden + 2 * pair] = waveAmplitude * initializerRange * Math.sin(angle);
      data[position * hidden + 2 * pair + 1] = waveAmplitude * initializerRange * Math.cos(angle);
    }
  }
}

/** Query or key; shape [hidden, hidden], head after head. Each head gets every `heads`-th pair of waves. */
function writeRotations(config: EncoderConfig, data: Float32Array, offsetOf: (head: number) => number): void {
  const { hidden, heads } = config;
  const headSize = hidden / heads;
  for (let index = 0; index < data.length; index++) data[index] *= noiseShare;
  for (let head = 0; head < heads; head++) {
    for (let slot = 0; slot < Math.floor(headSize / 2); slot++) {
      const pair = head + slot * heads;
      if (2 * pair + 1 >= hidden) break;
      const angle = frequencyOf(config, pair) * offsetOf(head);
      const row = head * headSize + 2 * slot;
      const at = (down: number, along: number) => (row + down) * hidden + 2 * pair + along;
      data[at(0, 0)] += gain * Math.cos(angle); // sin(f (j - offset)) of sin(f j) and cos(f j)
      data[at(0, 1)] -= gain * Math.sin(angle);
      data[at(1, 0)] += gain * Math.sin(angle); // cos(f (j - offset))
      data[at(1, 1)] += gain * Math.cos(angle);
    }
  }
}
