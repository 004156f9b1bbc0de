import type * as tf from "@tensorflow/tfjs-core";
import { DiffusionError, type TokenDraws, type TokenRule } from "@textdiffusion/core";
import { drawToken, firstAbove, keepAll, truncationOf } from "./draw-token.js";
import {
  type BlockSummaries,
  downloadBlocks,
  downloadLargest,
  downloadRows,
  summarizeBlocks,
} from "./vocabulary-blocks.js";

export interface ChunkRequest {
  /** Excluded ids are minus infinity; shape [rows, blocks, width]. Stays with the caller. */
  readonly logits: tf.Tensor3D;
  readonly rule: TokenRule;
  /** shape [rows] */
  readonly uniforms: Float64Array;
  /** Token of a row that has no distribution because it holds NaN. */
  readonly brokenToken: number;
  /** Position of the first row among all that were requested, for messages. */
  readonly offset: number;
  /** Where the answers go; each array has the shape [rows]. */
  readonly draws: TokenDraws;
}

/**
 * Draws one token for each row of a chunk.
 *
 * @throws DiffusionError `NOT_A_NUMBER` when every logit of a row is minus infinity
 */
export async function drawChunk({
  logits,
  rule,
  uniforms,
  brokenToken,
  offset,
  draws,
}: ChunkRequest): Promise<void> {
  const [rowCount, blocks, width] = logits.shape;
  const { temperature, scoreTemperature = 1 } = rule;
  const summaries = await summarizeBlocks(logits, temperature, scoreTemperature);
  const rows: Row[] = [];
  for (let index = 0; index < rowCount; index++) {
    const row = rowOf(summaries, index, blocks, offset);
    if (row) rows.push(row);
    else writeBroken(index);
  }
  if (rows.length === 0) return;
  if (temperature === 0) await takeLargest();
  else if (truncates(rule)) await drawTruncated();
  else await drawFromAll();

  async function takeLargest(): Promise<void> {
    const values = await downloadBlocks(logits, rows.map(bestBlockOf));
    for (const [slot, row] of rows.entries()) {
      const best = part(values, slot, width);
      write(row, row.bestBlock * width + best.indexOf(row.max), row.max, best);
    }
  }

  /** Two levels: the block by the device's sums, the token in it by its logits. */
  async function drawFromAll(): Promise<void> {
    const chosen = rows.map((row) => firstAbove(row.drawMass, uniforms[row.index] * sum(row.drawMass)));
    const values = await downloadBlocks(logits, [
      ...rows.map(bestBlockOf),
      ...rows.map((row, slot) => row.index * blocks + chosen[slot]),
    ]);
    for (const [slot, row] of rows.entries()) {
      const block = part(values, rows.length + slot, width);
      const below = sum(row.drawMass.subarray(0, chosen[slot]));
      const within = (uniforms[row.index] * sum(row.drawMass) - below) / row.drawMass[chosen[slot]];
      const place = drawToken(block, keepAll, temperature, row.max, within);
      write(row, chosen[slot] * width + place, block[place], part(values, slot, width));
    }
  }

  /** From the largest logits, or from all for the rows whose cut those do not settle. */
  async function drawTruncated(): Promise<void> {
    const vocab = blocks * width;
    const count = rule.topK === undefined ? nucleusGuess : rule.topK + 1; // one more, to see a tie at the border
    const best = await downloadBlocks(logits, rows.map(bestBlockOf));
    const unsettled = new Map(rows.map((row, slot) => [row, part(best, slot, width)]));
    if (4 * count < vocab) {
      const indices = rows.map((row) => row.index);
      const largest = await downloadLargest(logits, indices, count);
      for (const [slot, row] of rows.entries()) {
        const ids = part(largest.ids, slot, count);
        const known = part(largest.logits, slot, count);
        const order = [...ids.keys()].sort((a, b) => ids[a] - ids[b]);
        settle(
          row,
          Float32Array.from(order, (place) => known[place]),
          known.at(-1)!,
          (place) => ids[order[place]],
        );
      }
    }
    if (unsettled.size === 0) return;
    const left = [...unsettled.keys()];
    const values = await downloadRows(
      logits,
      left.map((row) => row.index),
    );
    for (const [slot, row] of left.entries()) {
      settle(row, part(values, slot, vocab), Number.NEGATIVE_INFINITY, (place) => place);
    }

    /** @param known - logits of tokens by ascending id, of which none that is missing exceeds `unseenMax` */
    function settle(row: Row, known: Float32Array, unseenMax: number, idAt: (place: number) => number): void {
      const ofBest = unsettled.get(row)!;
      const mass = massOf(row, row.drawMass, ofBest, temperature);
      const truncation = truncationOf(rule, known, unseenMax, row.max, mass);
      if (!truncation) return;
      const place = drawToken(known, truncation, temperature, row.max, uniforms[row.index]);
      write(row, idAt(place), known[place], ofBest);
      unsettled.delete(row);
    }
  }

  function bestBlockOf(row: Row): number {
    return row.index * blocks + row.bestBlock;
  }

  /** @param best - logits of the block that holds the row's largest */
  function write(row: Row, token: number, logit: number, best: Float32Array): void {
    const mass = massOf(row, row.scoreMass, best, scoreTemperature);
    const second = (secondLargest(row, best) - row.max) / scoreTemperature;
    draws.tokens[row.index] = token;
    draws.logProbs[row.index] = (logit - row.max) / scoreTemperature - Math.log(mass);
    // Rounding may leave the entropy of a certain row a little below 0.
    draws.entropy[row.index] = Math.max(0, Math.log(mass) - row.scoreMoment);
    draws.margin[row.index] = (1 - Math.exp(second)) / mass;
  }

  function writeBroken(index: number): void {
    draws.tokens[index] = brokenToken;
    draws.logProbs[index] = draws.entropy[index] = draws.margin[index] = Number.NaN;
  }
}

// --- internal ---

/** Tokens that top-p looks at before it looks at all: about as many as a usual nucleus of 0.9 to 0.95 holds. */
const nucleusGuess = 1024;

/** What a row's blocks say. */
interface Row {
  readonly index: number;
  /** shape [blocks] */
  readonly blockMax: Float32Array;
  /** shape [blocks] */
  readonly drawMass: Float32Array;
  /** shape [blocks] */
  readonly scoreMass: Float32Array;
  /** Of the whole row. */
  readonly scoreMoment: number;
  readonly max: number;
  /** The first block that holds the largest logit. */
  readonly bestBlock: number;
}

/** True when the rule may keep fewer tokens than have a probability. */
function truncates({ topK, topP }: TokenRule): boolean {
  return topK !== undefined || (topP !== undefined && topP < 1);
}

/** Undefined for a row that holds NaN or positive infinity. */
function rowOf(summaries: BlockSummaries, index: number, blocks: number, offset: number): Row | undefined {
  const blockMax = part(summaries.max, index, blocks);
  const scoreMass = part(summaries.scoreMass, index, blocks);
  const max = blockMax.reduce((largest, value) => Math.max(largest, value));
  if (max === Number.NEGATIVE_INFINITY) {
    throw new DiffusionError({
      code: "NOT_A_NUMBER",
      component: "ops/token-distributions",
      problem: `expected a finite logit among the tokens that may be drawn at requested position ${offset + index}, got minus infinity for all of them`,
      remedy: "Suppress fewer ids, or check the model's weights",
    });
  }
  if (!Number.isFinite(sum(scoreMass))) return undefined;
  return {
    index,
    blockMax,
    drawMass: part(summaries.drawMass, index, blocks),
    scoreMass,
    scoreMoment: sum(part(summaries.scoreMoment, index, blocks)),
    max,
    bestBlock: blockMax.indexOf(max),
  };
}

/**
 * The sum over the row of `exp((logit - rowMax) / temperature)`, from that of one block and the block's probability.
 *
 * @param probabilities - of each block, at this temperature
 * @param best - logits of the best block
 */
function massOf(row: Row, probabilities: Float32Array, best: Float32Array, temperature: number): number {
  let mass = 0;
  for (const logit of best) mass += Math.exp((logit - row.max) / temperature);
  return (mass * sum(probabilities)) / probabilities[row.bestBlock];
}

/** Of the whole row, the largest logit counted twice when two tokens have it. */
function secondLargest(row: Row, best: Float32Array): number {
  let second = Number.NEGATIVE_INFINITY;
  const place = best.indexOf(row.max);
  for (let index = 0; index < best.length; index++) {
    if (index !== place && best[index] > second) second = best[index];
  }
  for (let block = 0; block < row.blockMax.length; block++) {
    if (block !== row.bestBlock && row.blockMax[block] > second) second = row.blockMax[block];
  }
  return second;
}

function part<Values extends Float32Array | Int32Array>(values: Values, index: number, size: number): Values {
  return values.subarray(index * size, (index + 1) * size) as Values;
}

function sum(values: Float32Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
