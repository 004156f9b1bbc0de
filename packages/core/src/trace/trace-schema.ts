import { z } from "zod";
import { writtenNumber } from "./trace-numbers.js";

// The lines after the header, one schema each. Names are those of the events; lists of objects are columns.

export const index = z.int().min(0).max(0x7fff_ffff);

export const listOf = <Schema extends z.ZodType>(schema: Schema) => z.array(schema);

const bit = z.union([z.literal(0), z.literal(1)]);
const scores = listOf(writtenNumber.nullable()).optional();

/** Columns that belong together, entry by entry. */
const columns = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape).refine(
    (lists) => {
      const lengths = Object.values(lists).map((list) => (list as readonly unknown[] | undefined)?.length);
      return new Set(lengths.filter((length) => length !== undefined)).size === 1;
    },
    { error: "Expected columns of one length" },
  );

const changes = columns({
  row: listOf(index),
  position: listOf(index),
  from: listOf(index),
  to: listOf(index),
  logProb: scores,
  entropy: scores,
  margin: scores,
});

const candidates = columns({
  row: listOf(index),
  position: listOf(index),
  token: listOf(index),
  logProb: listOf(writtenNumber),
});

/** A token as it is shown. */
const shownToken = z.strictObject({
  id: index,
  text: z.string().describe("what it adds to the token on its left; its spelling if it is special"),
  first: z.string().optional().describe("what it shows at the beginning of a text, where that differs"),
  bytes: listOf(z.int().min(0).max(255))
    .optional()
    .describe("of a token that may hold parts of a character: its bytes of UTF-8"),
});

const tokens = listOf(shownToken).optional().describe("every token that no line before this has named");

export const startedLineSchema = z.strictObject({
  kind: z.literal("started"),
  batch: index,
  seq: index,
  maskTokenId: index,
  ids: listOf(index),
  attentionMask: listOf(bit),
  editable: listOf(bit),
  restrictions: listOf(
    z.strictObject({
      row: index,
      position: index,
      allowed: listOf(index).optional(),
      banned: listOf(index).optional(),
    }),
  ).optional(),
  rowKeys: listOf(z.int()),
  steps: index.nullable(),
  step: index,
  rowSteps: listOf(index),
  doneRows: listOf(index),
  revealLogProbs: listOf(writtenNumber).optional(),
  forwards: index,
  rowForwards: z.int().min(0),
  tokens,
});

export const stepLineSchema = z.strictObject({
  kind: z.literal("step"),
  step: index,
  t: writtenNumber,
  s: writtenNumber,
  revealed: changes.optional(),
  remasked: changes.optional(),
  confirmed: changes.optional(),
  candidates: candidates.optional(),
  maskedEntropy: writtenNumber.optional(),
  masked: index,
  finishedRows: listOf(index),
  forwards: index,
  rowForwards: z.int().min(0),
  tokens,
});

export const finishedLineSchema = z.strictObject({
  kind: z.literal("finished"),
  ids: listOf(index),
  steps: index,
  forwards: index,
  rowForwards: z.int().min(0),
  texts: listOf(z.string()),
});

export const eventLineSchema = z.discriminatedUnion("kind", [
  startedLineSchema,
  stepLineSchema,
  finishedLineSchema,
]);

export type EventLine = z.output<typeof eventLineSchema>;
export type StartedLine = z.output<typeof startedLineSchema>;
export type StepLine = z.output<typeof stepLineSchema>;
export type FinishedLine = z.output<typeof finishedLineSchema>;
export type ChangeColumns = z.output<typeof changes>;
export type ShownToken = z.output<typeof shownToken>;
