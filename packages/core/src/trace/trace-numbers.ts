import { z } from "zod";

// JSON has no NaN, no infinities and no negative zero; a trace has: runs go wrong, and that is when they are looked at.

const words = ["NaN", "Infinity", "-Infinity", "-0"] as const;

/** A double in JSON: a number, or one of four words. */
export type WrittenNumber = number | (typeof words)[number];

export const writtenNumber: z.ZodType<WrittenNumber, WrittenNumber> = z.union([z.number(), z.enum(words)]);

/** Reads back as the very same double. */
export function writeNumber(value: number): WrittenNumber {
  return Number.isFinite(value) && !Object.is(value, -0) ? value : wordFor(value);
}

/** The same for a number that is a float32: nine digits tell them all apart, `readNumber` into a Float32Array restores it. */
export function writeFloat32(value: number): WrittenNumber {
  return Number.isFinite(value) && !Object.is(value, -0) ? Number(value.toPrecision(9)) : wordFor(value);
}

export function readNumber(written: WrittenNumber): number {
  return Number(written);
}

// --- internal ---

function wordFor(value: number): WrittenNumber {
  return Object.is(value, -0) ? "-0" : (String(value) as WrittenNumber);
}
