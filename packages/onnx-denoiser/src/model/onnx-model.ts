import { DiffusionError, type ErrorCode } from "@textdiffusion/core";
import type { OnnxFeed, OnnxSession } from "../session/onnx-session.js";
import { type ModelInterface, names, readInterface } from "./model-interface.js";

/** What a model is run on: host arrays, row after row. */
export interface OnnxModelInput {
  readonly batch: number;
  readonly seq: number;
  /** shape [batch, seq] */
  readonly ids: Int32Array;
  /** 1 where the model may attend; shape [batch, seq] */
  readonly attentionMask: Uint8Array;
  /** Flat indices `row * seq + position` whose logits are wanted, ascending; shape [positions] */
  readonly positions: Int32Array;
}

/** A masked language model in an ONNX file. */
export interface OnnxModel {
  readonly source: string;
  readonly runtime: string;
  /** Width of the logits. */
  readonly vocabularySize: number;
  /**
   * Raw logits of the wanted positions; shape [positions, vocab]. Rows without one are not run.
   *
   * @throws DiffusionError `SHAPE_MISMATCH`, `TOKEN_OUT_OF_RANGE`, `RUNTIME_FAILED`, `MODEL_INVALID` for logits of
   * another shape, `DISPOSED`
   */
  logits(input: OnnxModelInput): Promise<Float32Array>;
  /** Frees the session, once no run needs it. A second call does nothing. */
  dispose(): void;
}

export interface OnnxModelOptions {
  /** Most bytes of logits that one run may give; more rows are run in several. Default 256 MiB, and at least one row. */
  readonly mostLogitBytes?: number;
}

/**
 * A session as a masked language model: exported by Hugging Face's optimum for fill-mask, or by us.
 *
 * @param session - owned from here on, also when this throws
 * @throws DiffusionError `MODEL_INVALID` for a file that is no masked language model, `UNSUPPORTED` for one of fixed sizes
 */
export async function onnxModel(
  session: OnnxSession,
  { mostLogitBytes = 2 ** 28 }: OnnxModelOptions = {},
): Promise<OnnxModel> {
  try {
    const layout = readInterface(session);
    const vocabularySize = layout.vocabularySize ?? (await widthOf(session, layout));
    return modelOf(session, layout, vocabularySize, mostLogitBytes);
  } catch (error) {
    await session.release();
    throw error;
  }
}

// --- internal ---

function modelOf(
  session: OnnxSession,
  layout: ModelInterface,
  vocabularySize: number,
  mostLogitBytes: number,
): OnnxModel {
  let disposed = false;
  let running = 0;
  const releaseWhenIdle = () => {
    if (disposed && running === 0) void session.release();
  };

  async function logits(input: OnnxModelInput): Promise<Float32Array> {
    const { seq, positions } = input;
    assertInput(input, vocabularySize);
    const answer = new Float32Array(positions.length * vocabularySize);
    const rows = [...new Set(Array.from(positions, (flat) => Math.floor(flat / seq)))];
    const rowBytes = seq * vocabularySize * Float32Array.BYTES_PER_ELEMENT;
    const rowsAtOnce = layout.rowsAtOnce ?? Math.max(1, Math.floor(mostLogitBytes / rowBytes));
    for (let from = 0; from < rows.length; from += rowsAtOnce) {
      const some = rows.slice(from, from + rowsAtOnce);
      const found = await run(session, layout, rowsOf(input, some), vocabularySize);
      const placeOf = new Map(some.map((row, place) => [row, place]));
      positions.forEach((flat, index) => {
        const place = placeOf.get(Math.floor(flat / seq));
        if (place === undefined) return;
        const start = (place * seq + (flat % seq)) * vocabularySize;
        answer.set(found.subarray(start, start + vocabularySize), index * vocabularySize);
      });
    }
    return answer;
  }

  return {
    source: session.source,
    runtime: session.runtime,
    vocabularySize,
    async logits(input) {
      if (disposed) throw invalid("DISPOSED", "expected a live model, got a disposed one", "Load it again");
      running++;
      try {
        return await logits(input);
      } finally {
        running--;
        releaseWhenIdle();
      }
    },
    dispose() {
      if (disposed) return;
      disposed = true;
      releaseWhenIdle();
    },
  };
}

type Rows = Omit<OnnxModelInput, "positions">;

function rowsOf({ batch, seq, ids, attentionMask }: OnnxModelInput, rows: readonly number[]): Rows {
  if (rows.length === batch) return { batch, seq, ids, attentionMask };
  const [someIds, someMask] = [new Int32Array(rows.length * seq), new Uint8Array(rows.length * seq)];
  rows.forEach((row, place) => {
    someIds.set(ids.subarray(row * seq, (row + 1) * seq), place * seq);
    someMask.set(attentionMask.subarray(row * seq, (row + 1) * seq), place * seq);
  });
  return { batch: rows.length, seq, ids: someIds, attentionMask: someMask };
}

/** Logits of all positions; shape [batch, seq, vocab]. */
async function run(
  session: OnnxSession,
  { integers, zeros }: ModelInterface,
  { batch, seq, ids, attentionMask }: Rows,
  vocabularySize?: number,
): Promise<Float32Array> {
  const shape = [batch, seq];
  const feed = (values: ArrayLike<number>): OnnxFeed => ({
    values: integers === "int64" ? BigInt64Array.from(values, BigInt) : Int32Array.from(values),
    shape,
  });
  const feeds: Record<string, OnnxFeed> = {
    [names.ids]: feed(ids),
    [names.mask]: feed(attentionMask),
  };
  for (const name of zeros) feeds[name] = feed(new Uint8Array(batch * seq));
  const { values, shape: found } = await session.run(feeds, names.logits);
  const width = vocabularySize ?? found.at(-1);
  if (!(values instanceof Float32Array) || found.join() !== [batch, seq, width].join()) {
    throw invalid(
      "MODEL_INVALID",
      `expected logits of float32 [${batch}, ${seq}, ${width}] from ${session.source}, got [${found.join(", ")}]`,
      "Export a masked language model, for fill-mask in optimum's words",
    );
  }
  return values;
}

/** Some files leave the width of their logits open: one token tells it. */
async function widthOf(session: OnnxSession, layout: ModelInterface): Promise<number> {
  const one = { batch: 1, seq: 1, ids: Int32Array.of(0), attentionMask: Uint8Array.of(1) };
  return (await run(session, layout, one)).length;
}

function assertInput({ batch, seq, ids, attentionMask, positions }: OnnxModelInput, vocab: number): void {
  const size = batch * seq;
  if (size < 1 || ids.length !== size || attentionMask.length !== size) {
    throw invalid(
      "SHAPE_MISMATCH",
      `expected ids and attentionMask of shape [${batch}, ${seq}] and at least one row, got ${ids.length} and ${attentionMask.length} numbers`,
      "Fill every row to the same length",
    );
  }
  const outside = positions.find((flat) => flat < 0 || flat >= size);
  if (outside !== undefined || positions.length === 0) {
    throw invalid(
      "SHAPE_MISMATCH",
      `expected positions from 0 to ${size - 1}, at least one, got ${outside ?? "none"}`,
      "Positions are row * seq + position",
    );
  }
  const stray = ids.find((id) => id < 0 || id >= vocab);
  if (stray === undefined) return;
  throw invalid(
    "TOKEN_OUT_OF_RANGE",
    `expected ids from 0 to ${vocab - 1}, got ${stray}`,
    "Does the tokenizer belong to this model?",
  );
}

function invalid(code: ErrorCode, problem: string, remedy: string): DiffusionError {
  return new DiffusionError({ code, component: "onnx-denoiser/model", problem, remedy });
}
