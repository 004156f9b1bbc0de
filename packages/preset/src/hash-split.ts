import { createHash } from "node:crypto";
import { DiffusionError } from "@textdiffusion/core";

/** The share that is held out where none is said. */
export const DEFAULT_SHARE = 0.1;

/**
 * Whether a text is held out by what it says, so that it stays on its side when others come or go: the first 48 bits of
 * its SHA-256 are among the lowest share.
 */
export function isHeldOut(text: string, share: number): boolean {
  return createHash("sha256").update(text).digest().readUIntBE(0, 6) < share * 2 ** 48;
}

/**
 * @param train - how many are there to train on @param validation - and held out
 * @throws DiffusionError `DATA_INVALID` where a side has none
 */
export function assertBothSides(train: number, validation: number, name: string, share: number): void {
  if (train > 0 && (validation > 0 || share === 0)) return;
  if (train + validation === 0) {
    throw new DiffusionError({
      code: "DATA_INVALID",
      component: "textdiffusion/data",
      problem: `expected text in ${name}, got none`,
      remedy: "Name other data",
    });
  }
  throw new DiffusionError({
    code: "DATA_INVALID",
    component: "textdiffusion/train",
    problem: `expected documents on both sides of the split, got ${train} to train on and ${validation} held out of ${name}`,
    remedy: "Cut smaller documents (data.documents: line or paragraph), or split at the end",
  });
}
