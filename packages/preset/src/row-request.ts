import type { Plugin, TokenRow } from "@textdiffusion/core";
import type { EpochRows, FileTokenizer } from "@textdiffusion/data";
import type { RowSource } from "@textdiffusion/training";
import type { DecodedConfig } from "./config.js";
import type { ReadingObserver } from "./read-documents.js";

/** What the rows of a run are made of, and how. */
export interface RowRequest {
  readonly tokenizer: FileTokenizer;
  readonly data: DecodedConfig["data"];
  readonly plugins: readonly Plugin[];
  readonly rowLength: number;
  readonly frame: boolean;
  readonly observer?: ReadingObserver;
}

export interface TrainingRows {
  readonly train: RowSource;
  /** May be empty. */
  readonly validation: readonly TokenRow[] | EpochRows;
  /** Tells the data from others: SHA-256 of what it says, or of what its source says of itself where it is streamed. */
  readonly fingerprint: string;
  /** The same of `data.validation`, where that is said. */
  readonly validationFingerprint?: string;
  /** Closes what is streamed. */
  dispose?(): Promise<void>;
}
