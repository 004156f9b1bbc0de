import {
  type DataDocument,
  type DataPosition,
  type DataSource,
  DiffusionError,
  type ErrorCode,
  type Random,
  type TokenRow,
} from "@textdiffusion/core";
import { z } from "zod";
import { assertRange } from "./row-order.js";

export interface StreamedRowsOptions {
  readonly source: DataSource;
  /** The ids of a document, shape [tokens]; undefined for one that is not to be trained on. */
  readonly encode: (document: DataDocument) => Int32Array | undefined;
  readonly rowLength: number;
  /** Rows that are read and shuffled together: what is held in memory. */
  readonly shuffleBuffer: number;
  /** A stream of its own; block b is shuffled by `random.split("block", b)`. */
  readonly random: Random;
}

/** Rows of a data set that is read as it is trained on, from its beginning again when it ends. */
export interface StreamedRows {
  /**
   * Rows from a position of the endless order on. Reading ahead costs nothing again, going back reads from the beginning.
   *
   * @throws DiffusionError `DATA_INVALID` for a source without anything to train on, and what the source throws
   */
  rowsAt(position: number, count: number): Promise<TokenRow[]>;
  /** From where the rows of a position can be read. Of a position that was not read yet: from the beginning. */
  stateAt(position: number): DataPosition;
  /** @throws DiffusionError `CHECKPOINT_INVALID` for what `stateAt` never gave */
  restore(state: DataPosition): void;
  /** Closes what is being read. */
  dispose(): void;
}

/**
 * Rows of one length from a stream of documents: what one document leaves over begins the next row, also across the end of the
 * data. The order is cut into blocks of `shuffleBuffer` rows, each shuffled in itself, so a state is the place where a block
 * begins, and whoever goes on from it reads no more than one block again.
 */
export function streamRows(options: StreamedRowsOptions): StreamedRows {
  const { shuffleBuffer, random } = options;
  let first = BEGINNING;
  let block: Block | undefined;
  /** Stands where the block ends. */
  let reader: TokenReader | undefined;

  async function blockAt(index: number): Promise<readonly TokenRow[]> {
    while (block?.start.block !== index) {
      const start = nearest([block?.next, first], index);
      if (reader === undefined || start !== block?.next) {
        reader?.dispose();
        reader = readTokens(options, start);
      }
      block = undefined; // should reading fail, the reader is no longer where it ended
      block = await readBlock(start, reader);
    }
    return block.rows;
  }

  async function readBlock(start: StreamState, reader: TokenReader): Promise<Block> {
    const rows: TokenRow[] = [];
    while (rows.length < shuffleBuffer) rows.push({ ids: await reader.row() });
    const order = random.split("block", start.block).permutation(shuffleBuffer);
    const next = { block: start.block + 1, ...reader.place() };
    return { start, next, rows: Array.from(order, (index) => rows[index]) };
  }

  return {
    rowsAt: async (position, count) => {
      assertRange(position, count);
      const rows: TokenRow[] = [];
      for (let taken = position; taken < position + count; taken++) {
        rows.push((await blockAt(Math.floor(taken / shuffleBuffer)))[taken % shuffleBuffer]);
      }
      return rows;
    },
    stateAt: (position) => ({
      ...nearest([block?.next, block?.start, first], Math.floor(position / shuffleBuffer)),
    }),
    restore: (state) => {
      first = decodeState(state);
      block = undefined;
    },
    dispose: () => reader?.dispose(),
  };
}

// --- internal ---

/** A place between two rows: in the pass `epoch`, from the document at `document` on, of which `tokens` are taken. */
interface StreamPlace {
  readonly epoch: number;
  /** None: the first one. */
  readonly document?: DataPosition;
  readonly tokens: number;
}

/** Where a block begins. A type and no interface: it is a `DataPosition`. */
type StreamState = StreamPlace & { readonly block: number };

interface Block {
  readonly start: StreamState;
  readonly next: StreamState;
  readonly rows: readonly TokenRow[];
}

const stateSchema = z.strictObject({
  block: z.int().nonnegative(),
  epoch: z.int().nonnegative(),
  document: z.json().optional(),
  tokens: z.int().nonnegative(),
});

const BEGINNING: StreamState = { block: 0, epoch: 0, tokens: 0 };

/** The first of the states that is not behind a block. */
function nearest(states: readonly (StreamState | undefined)[], block: number): StreamState {
  return states.find((state) => state !== undefined && state.block <= block) ?? BEGINNING;
}

function decodeState(state: DataPosition): StreamState {
  const result = stateSchema.safeParse(state);
  if (result.success) return result.data as StreamState;
  throw invalid(
    "CHECKPOINT_INVALID",
    `expected where a stream of rows goes on, got ${JSON.stringify(state)}`,
    "Train without streaming, if the run that is resumed did so",
  );
}

interface TokenReader {
  /** Shape [rowLength]. */
  row(): Promise<Int32Array>;
  /** Where the next row begins. */
  place(): StreamPlace;
  dispose(): void;
}

/** One row after the other, pass after pass. */
function readTokens({ source, encode, rowLength }: StreamedRowsOptions, from: StreamPlace): TokenReader {
  let { epoch, document: at, tokens } = from;
  let documents = source.documents(at)[Symbol.asyncIterator]();
  let current: { readonly ids: Int32Array; readonly next: DataPosition } | undefined;
  /** Whether this pass had anything to train on; of one that is gone on with, that is taken for granted. */
  let isFruitful = at !== undefined;

  async function advance(): Promise<void> {
    const { value, done } = await documents.next();
    if (!done) {
      current = { ids: encode(value) ?? new Int32Array(), next: value.next };
      isFruitful ||= current.ids.length > 0;
      return;
    }
    if (!isFruitful) throw nothingToTrainOn(source);
    [epoch, at, isFruitful] = [epoch + 1, undefined, false];
    documents = source.documents()[Symbol.asyncIterator]();
  }

  return {
    place: () => ({ epoch, ...(at !== undefined && { document: at }), tokens }),
    async row() {
      const ids = new Int32Array(rowLength);
      for (let filled = 0; filled < rowLength; ) {
        if (current === undefined) {
          await advance();
          continue;
        }
        const part = current.ids.subarray(tokens, tokens + rowLength - filled);
        ids.set(part, filled);
        filled += part.length;
        tokens += part.length;
        if (tokens < current.ids.length) continue;
        [at, tokens, current] = [current.next, 0, undefined];
      }
      return ids;
    },
    dispose: () => void documents.return?.(),
  };
}

function nothingToTrainOn({ name }: DataSource): DiffusionError {
  return invalid(
    "DATA_INVALID",
    `expected documents to train on from the source "${name}", got none`,
    "Name other data, or hold less of it out",
  );
}

function invalid(code: ErrorCode, problem: string, remedy: string): DiffusionError {
  return new DiffusionError({ code, component: "data/streamed-rows", problem, remedy });
}
