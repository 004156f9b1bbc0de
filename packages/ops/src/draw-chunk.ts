import type * as tf from "@tensorflow/tfjs-core";
import { DiffusionError, type TokenDraws, type TokenRule } from "@textdiffusion/core";
import { drawToken, firstAbove, keepAll, truncationOf } from "./draw-token.js";
import { type BlockSummaries, downloadBlocks, summarizeBlocks } from "./vocabulary-blocks.js";

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
    const values = await read(rows.map((row) => [row, [row.bestBlock]]));
    for (const [slot, row] of rows.entries()) {
      const best = values.subarray(slot * width, (slot + 1) * width);
      const place = best.indexOf(row.max);
      write(row, row.bestBlock * width + place, row.max, best);
    }
  }

  /** Two levels: the block by the device's sums, the token in it by its logits. */
  async function drawFromAll(): Promise<void> {
    const chosen = rows.map((row) => firstAbove(row.drawMass, uniforms[row.index] * row.totalMass));
    const values = await read(rows.map((row, slot) => [row, [row.bestBlock, chosen[slot]]]));
    for (const [slot, row] of rows.entries()) {
      const [best, block] = [2 * slot, 2 * slot + 1].map((place) =>
        values.subarray(place * width, (place + 1) * width),
      );
      const below = sum(row.drawMass.subarray(0, chosen[slot]));
      const within = (uniforms[row.index] * row.totalMass - below) / row.drawMass[chosen[slot]];
      const place = drawToken(block, keepAll, temperature, row.max, within);
      write(row, chosen[slot] * width + place, block[place], best);
    }
  }

  /** The blocks with the largest logits, more of them for the rows whose cut is not yet certain. */
  async function drawTruncated(): Promise<void> {
    const orders = new Map(rows.map((row) => [row, byLargest(row.blockMax)]));
    let pending = rows;
    for (let taken = Math.min(firstBlocks, blocks); pending.length > 0; taken = Math.min(4 * taken, blocks)) {
      const seen = pending.map((row) => orders.get(row)!.slice(0, taken).sort());
      const values = await read(pending.map((row, slot) => [row, seen[slot]]));
      const size = taken * width;
      pending = pending.filter((row, slot) => {
        const known = values.subarray(slot * size, (slot + 1) * size); // ids ascend, as the blocks do
        const next = orders.get(row)![taken];
        const unseenMax = next === undefined ? Number.NEGATIVE_INFINITY : row.blockMax[next];
        const truncation = truncationOf(rule, known, unseenMax, row.max, row.totalMass);
        if (!truncation) return true;
        const place = drawToken(known, truncation, temperature, row.max, uniforms[row.index]);
        const bestAt = seen[slot].indexOf(row.bestBlock) * width;
        const token = seen[slot][Math.floor(place / width)] * width + (place % width);
        write(row, token, known[place], known.subarray(bestAt, bestAt + width));
        return false;
      });
    }
  }

  function read(requests: readonly (readonly [Row, ArrayLike<number>])[]): Promise<Float32Array> {
    const indices = requests.flatMap(([row, list]) =>
      Array.from(list, (block) => row.index * blocks + block),
    );
    return downloadBlocks(logits, indices);
  }

  /** @param best - logits of the block that holds the row's largest */
  function write(row: Row, token: number, logit: number, best: Float32Array): void {
    const logMass = Math.log(row.scoreMass);
    const second = (secondLargest(row, best) - row.max) / scoreTemperature;
    draws.tokens[row.index] = token;
    draws.logProbs[row.index] = (logit - row.max) / scoreTemperature - logMass;
    // Rounding may leave the entropy of a certain row a little below 0.
    draws.entropy[row.index] = Math.max(0, logMass - row.scoreMoment / row.scoreMass);
    draws.margin[row.index] = (1 - Math.exp(second)) / row.scoreMass;
  }

  function writeBroken(index: number): void {
    draws.tokens[index] = brokenToken;
    draws.logProbs[index] = draws.entropy[index] = draws.margin[index] = Number.NaN;
  }
}

/** True when the rule may keep fewer tokens than have a probability. */
export function truncates({ topK, topP }: TokenRule): boolean {
  return topK !== undefined || (topP !== undefined && topP < 1);
}

// --- internal ---

/** Blocks that a truncated draw reads first. Of RoBERTa's vocabulary 8 blocks are 1800 tokens. */
const firstBlocks = 8;

/** What a row's blocks add up to. */
interface Row {
  readonly index: number;
  /** shape [blocks] */
  readonly blockMax: Float32Array;
  /** shape [blocks] */
  readonly drawMass: Float32Array;
  readonly max: number;
  /** The first block that holds the largest logit. */
  readonly bestBlock: number;
  /** Sums over the blocks. */
  readonly totalMass: number;
  readonly scoreMass: number;
  readonly scoreMoment: number;
}

/** Undefined for a row that holds NaN or positive infinity. */
function rowOf(summaries: BlockSummaries, index: number, blocks: number, offset: number): Row | undefined {
  const part = (values: Float32Array) => values.subarray(index * blocks, (index + 1) * blocks);
  const blockMax = part(summaries.max);
  const drawMass = part(summaries.drawMass);
  const max = blockMax.reduce((largest, value) => Math.max(largest, value));
  if (max === Number.NEGATIVE_INFINITY) {
    throw new DiffusionError({
      code: "NOT_A_NUMBER",
      component: "ops/token-distributions",
      problem: `expected a finite logit among the tokens that may be drawn at requested position ${offset + index}, got minus infinity for all of them`,
      remedy: "Suppress fewer ids, or check the model's weights",
    });
  }
  const scoreMass = sum(part(summaries.scoreMass));
  if (!Number.isFinite(scoreMass)) return undefined;
  return {
    index,
    blockMax,
    drawMass,
    max,
    bestBlock: blockMax.indexOf(max),
    totalMass: sum(drawMass),
    scoreMass,
    scoreMoment: sum(part(summaries.scoreMoment)),
  };
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

/** Indices of the blocks, the largest maximum first. */
function byLargest(blockMax: Float32Array): Int32Array {
  return Int32Array.from(blockMax.keys()).sort((a, b) => blockMax[b] - blockMax[a]);
}

function sum(values: Float32Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
