import * as tf from "@tensorflow/tfjs-core";
import { type Denoiser, type DenoiserInput, DiffusionError } from "@textdiffusion/core";
import { tokenDistributions } from "@textdiffusion/ops";
import type { EncoderMemory, RecallingModel } from "../encoder/encoder-memory.js";
import { type MaskedLanguageModelDenoiserOptions, neverDrawn } from "./masked-language-model-denoiser.js";

export const cacheKinds = ["prefix", "dual"] as const;

export interface CacheOptions {
  /**
   * What a step computes anew: `prefix` the block that is being written and all that stands after it, `dual` the block
   * alone. The rest is remembered from the last whole pass.
   */
  readonly cache: (typeof cacheKinds)[number];
  /** A whole pass at least every so many calls; 1 makes every answer exact. Default: none but for a new block. */
  readonly refreshEvery?: number;
  /**
   * Tokens of a block, counted from the first position that is written, as the sampler's blocks are. Default: a block is what
   * lies between the first and the last position that the block's first call asks for, which fits samplers that ask for
   * every masked position of a block.
   */
  readonly blockLength?: number;
}

/**
 * A masked language model as a denoiser that computes less than whole rows: APPROXIMATE. The first call of a block passes
 * whole rows and remembers the keys and values of every layer; calls after it compute the block (and what follows it)
 * alone, against the remembered rest. Wu et al. 2025 (Fast-dLLM, arXiv:2505.22618), its prefix cache and dual cache.
 *
 * The rest is remembered as it was when the block began, though in a bidirectional model it would have changed with the
 * block; `denoiserDivergence` of @textdiffusion/evaluation says by how much. What is remembered is used only for rows that
 * differ from the remembered ones inside the block alone: a call that asks for positions outside the block, or a token that
 * changed outside it, begins a new block with a whole pass of all rows. So samplers that write all over the page at once
 * gain nothing, and get exact answers.
 *
 * Keys and values stay allocated until the next whole pass or `dispose()`: 2 * layers * hidden float32 for each position.
 *
 * @param model - owned from here on: `dispose()` of the denoiser frees it
 * @throws DiffusionError `TOKEN_OUT_OF_RANGE`, `CONFIG_INVALID` for sizes below 1
 */
export function cachingDenoiser(
  model: RecallingModel,
  {
    maskTokenId,
    forbidden,
    cache,
    refreshEvery,
    blockLength,
  }: MaskedLanguageModelDenoiserOptions & CacheOptions,
): Denoiser {
  const never = neverDrawn(model, maskTokenId, forbidden);
  assertSize("refreshEvery", refreshEvery);
  assertSize("blockLength", blockLength);
  let memory: EncoderMemory | undefined;
  let remembered: readonly RememberedRow[] = [];
  let calls = 0; // since the last whole pass, itself included

  const forget = () => {
    if (memory) for (const layer of memory.layers) tf.dispose([layer.keys, layer.values]);
    memory = undefined;
    remembered = [];
  };

  return {
    name: `${model.name} with an approximate ${cache} cache`,
    vocabularySize: model.vocabularySize,
    maxLength: model.maxLength,
    timeConditioned: false,
    denoise: async (input) => {
      const rows = rowsOf(input);
      const places = rows.map((row) => remembered.findIndex((known) => continues(row, known, cache)));
      calls++;
      if (memory && places.every((place) => place >= 0) && !(refreshEvery && calls > refreshEvery)) {
        const windows = places.map((place) => windowOf(remembered[place], input.seq, cache));
        const computed = computedPositions(windows, input.seq);
        const logits = model.recall(memory, { ...input, rows: Int32Array.from(places), computed });
        return tokenDistributions(logits, { forbidden: never });
      }
      forget();
      const whole = model.remember(input);
      memory = whole.memory;
      remembered = rows.map((row) => ({ ...row, block: blockOf(row, blockLength) }));
      calls = 1;
      return tokenDistributions(whole.logits, { forbidden: never });
    },
    dispose: () => {
      forget();
      model.dispose();
    },
  };
}

// --- internal ---

/** Positions `from` to `to` of a row, `to` not included. */
interface Span {
  readonly from: number;
  readonly to: number;
}

interface Row {
  readonly ids: Int32Array;
  readonly attentionMask: Uint8Array;
  /** First position that may be written; 0 when nobody says. */
  readonly firstEditable: number;
  /** From the first to the last requested position. */
  readonly requested: Span;
}

interface RememberedRow extends Row {
  readonly block: Span;
}

function rowsOf({ batch, seq, ids, attentionMask, editable, positions }: DenoiserInput): Row[] {
  const spans: (Span | undefined)[] = new Array(batch).fill(undefined);
  for (const flat of positions) {
    const [row, position] = [Math.floor(flat / seq), flat % seq];
    const { from, to } = spans[row] ?? { from: position, to: position + 1 };
    spans[row] = { from: Math.min(from, position), to: Math.max(to, position + 1) };
  }
  return spans.map((requested, row) => {
    const own = <Values extends Int32Array | Uint8Array>(values: Values) =>
      values.slice(row * seq, (row + 1) * seq) as Values;
    return {
      ids: own(ids),
      attentionMask: own(attentionMask),
      firstEditable: editable ? Math.max(0, own(editable).indexOf(1)) : 0,
      requested: requested ?? { from: 0, to: 1 },
    };
  });
}

/** The block that a row is about to write. */
function blockOf({ requested, firstEditable, ids }: Row, blockLength: number | undefined): Span {
  if (blockLength === undefined) return requested;
  const blocksBefore = (position: number) => Math.floor((position - firstEditable) / blockLength);
  return {
    from: Math.max(0, firstEditable + blocksBefore(requested.from) * blockLength),
    to: Math.min(ids.length, firstEditable + (blocksBefore(requested.to - 1) + 1) * blockLength),
  };
}

/** What is computed anew of a row. */
function windowOf({ block }: RememberedRow, seq: number, cache: CacheOptions["cache"]): Span {
  return { from: block.from, to: cache === "prefix" ? seq : block.to };
}

/** Whether a row can go on from a remembered one: it asks inside the block, and differs where it is computed anew alone. */
function continues(row: Row, known: RememberedRow, cache: CacheOptions["cache"]): boolean {
  const { length } = row.ids;
  if (length !== known.ids.length) return false;
  const { from, to } = windowOf(known, length, cache);
  if (row.requested.from < known.block.from || row.requested.to > known.block.to) return false;
  for (let position = 0; position < length; position++) {
    if (row.attentionMask[position] !== known.attentionMask[position]) return false;
    const isComputed = position >= from && position < to;
    if (!isComputed && row.ids[position] !== known.ids[position]) return false;
  }
  return true;
}

/**
 * Flat indices of the windows, widened to one width: of the widest, rounded up to an eighth of the row, so that backends
 * that compile a graph for each shape see few.
 */
function computedPositions(windows: readonly Span[], seq: number): Int32Array {
  const multiple = Math.ceil(seq / 8);
  const widest = Math.max(...windows.map(({ from, to }) => to - from));
  const width = Math.min(seq, Math.ceil(widest / multiple) * multiple);
  const computed = new Int32Array(windows.length * width);
  windows.forEach(({ from }, row) => {
    const start = Math.min(from, seq - width);
    for (let index = 0; index < width; index++) computed[row * width + index] = row * seq + start + index;
  });
  return computed;
}

function assertSize(name: string, value: number | undefined): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 1)) return;
  throw new DiffusionError({
    code: "CONFIG_INVALID",
    component: "models/cache",
    problem: `expected ${name} to be a positive whole number, got ${value}`,
    remedy: "Leave it out, or correct it",
  });
}
