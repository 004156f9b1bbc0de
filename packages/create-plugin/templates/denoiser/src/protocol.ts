import type { DenoiserInput, TokenRestriction, TokenRule } from "@textdiffusion/core";
import { z } from "zod";

/*
 * What goes over the wire: one question, one answer, both JSON. The server keeps nothing between questions, and draws
 * tokens where the model is, so no table of the vocabulary is sent unless somebody asks for it.
 *
 * Numbers keep their bits: JSON says doubles exactly. It has no infinity, so a log-probability of minus infinity, which
 * an impossible token has, is `null`.
 */

const numbers = z.array(z.number());
const logProbs = z.array(z.number().nullable());
const count = z.int().min(1);
const ids = z.array(z.int());
const flag = z.int().min(0).max(1);

/** A `DenoiserInput` whose arrays are plain lists. */
const inputSchema = z.strictObject({
  batch: count,
  seq: count,
  ids: z.array(z.int()),
  attentionMask: z.array(flag),
  editable: z.array(flag).optional(),
  time: numbers,
  positions: z.array(z.int().min(0)).min(1),
});

export const questionSchema = z.discriminatedUnion("ask", [
  z.strictObject({ ask: z.literal("about") }),
  z.strictObject({
    ask: z.literal("draw"),
    input: inputSchema,
    rule: z.strictObject({
      temperature: z.number().min(0),
      topK: count.optional(),
      topP: z.number().gt(0).max(1).optional(),
      scoreTemperature: z.number().gt(0).optional(),
    }),
    uniforms: numbers,
    suppressed: ids,
    restrictions: z
      .array(z.strictObject({ allowed: ids.optional(), banned: ids.optional() }).nullable())
      .optional(),
  }),
  z.strictObject({ ask: z.literal("logProbsOf"), input: inputSchema, tokens: z.array(z.int()) }),
  z.strictObject({ ask: z.literal("logProbs"), input: inputSchema }),
]);

export type Question = z.output<typeof questionSchema>;

/** What each position may take; null is anything. */
export type Restrictions = Extract<Question, { ask: "draw" }>["restrictions"];

export const aboutSchema = z.strictObject({
  vocabularySize: count,
  maxLength: count,
  timeConditioned: z.boolean(),
});
export const drawsSchema = z.strictObject({
  tokens: z.array(z.int().min(0)),
  logProbs,
  entropy: numbers,
  margin: numbers,
});
export const logProbsSchema = z.strictObject({ logProbs });

/** What the server says when it cannot answer. */
export const refusalSchema = z.strictObject({ error: z.string() });

export function encodeInput(input: DenoiserInput): z.output<typeof inputSchema> {
  return {
    batch: input.batch,
    seq: input.seq,
    ids: [...input.ids],
    attentionMask: [...input.attentionMask],
    editable: input.editable && [...input.editable],
    time: [...input.time],
    positions: [...input.positions],
  };
}

export function decodeInput(input: z.output<typeof inputSchema>): DenoiserInput {
  return {
    batch: input.batch,
    seq: input.seq,
    ids: Int32Array.from(input.ids),
    attentionMask: Uint8Array.from(input.attentionMask),
    editable: input.editable && Uint8Array.from(input.editable),
    time: Float64Array.from(input.time),
    positions: Int32Array.from(input.positions),
  };
}

export function encodeRestrictions(restrictions?: readonly (TokenRestriction | undefined)[]): Restrictions {
  return restrictions?.map((restriction) =>
    restriction === undefined
      ? null
      : {
          allowed: restriction.allowed && [...restriction.allowed],
          banned: restriction.banned && [...restriction.banned],
        },
  );
}

export function decodeRestrictions(restrictions: Restrictions): (TokenRestriction | undefined)[] | undefined {
  return restrictions?.map((restriction) => restriction ?? undefined);
}

/** Keys that are undefined are not sent. */
export function encodeRule({ temperature, topK, topP, scoreTemperature }: TokenRule): TokenRule {
  return { temperature, topK, topP, scoreTemperature };
}

export const encodeLogProbs = (values: Float32Array) =>
  Array.from(values, (value) => (value === -Infinity ? null : value));

export const decodeLogProbs = (values: readonly (number | null)[]) =>
  Float32Array.from(values, (value) => value ?? Number.NEGATIVE_INFINITY);
