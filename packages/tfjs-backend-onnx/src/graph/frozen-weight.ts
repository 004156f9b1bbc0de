import type { Entry } from "../recording/recorded-node.js";

/** How frozen weights are kept: as they are, or those of matrix products as 8-bit integers. */
export const freezeTypes = ["fp32", "q8"] as const;

export type FreezeType = (typeof freezeTypes)[number];

/** A weight whose values are part of the graphs that read it. */
export interface FrozenWeight {
  /** Its own, from 2: in the key of a graph 0 and 1 mean inputs. */
  readonly number: number;
  readonly dtype: FreezeType;
}

export type FrozenWeights = ReadonlyMap<Entry, FrozenWeight>;
