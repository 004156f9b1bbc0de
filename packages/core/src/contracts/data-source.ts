/**
 * A place between two documents of a source: JSON that the source made and that it alone reads. Nothing of it depends on
 * the process, so a checkpoint can hold it.
 */
export type DataPosition = string | number | boolean | null | readonly DataPosition[] | PositionFields;
interface PositionFields {
  readonly [field: string]: DataPosition;
}

/** One text to learn from. */
export interface DataDocument {
  /** What is learnt. Never without a character that is not white space. */
  readonly text: string;
  /** What stands before it, of a pair: seen by the model, never masked. */
  readonly prompt?: string;
  /** The position behind this document: what is read from there on is all that follows it. */
  readonly next: DataPosition;
  /** How much of all data lies before that place, about, in [0, 1]: for a bar. Left out where nobody knows. */
  readonly share?: number;
}

/**
 * Where documents come from, read as a stream: a data set need not fit into memory.
 *
 * Laws (testkit `dataSourceLaws`): each reading gives the same documents in the same order; a reading from the position
 * behind any document gives what follows it, also after the position was written as JSON; no document is blank; a reader
 * may stop at any document; the fingerprint stays the same.
 */
export interface DataSource {
  readonly name: string;
  /**
   * @param from - a `next` of this source; default the beginning
   * @throws DiffusionError while reading: `DATA_INVALID` for what is no document (it says where), or a position that is
   *   none of this source; `FILE_NOT_FOUND`
   */
  documents(from?: DataPosition): AsyncIterable<DataDocument>;
  /**
   * Tells this data from others without reading all of it, so that a run does not go on with another data set: names
   * and sizes of files, a revision. Where the data lies is no part of it.
   */
  fingerprint(): Promise<string>;
}
