import { z } from "zod";
import { isComponent } from "../composition/named-choice.js";
import type { Tokenizer } from "../contracts/tokenizer.js";
import { DiffusionError } from "../errors/diffusion-error.js";
import type { TokenLock } from "../loop/lock-tokens.js";
import { index, listOf } from "./trace-schema.js";
import { hasWideTokens } from "./trace-tokens.js";

/** What the first line of a trace says of itself. */
export const TRACE_FORMAT = { format: "textdiffusion-trace", version: 1 } as const;

const hash = z.string().regex(/^[0-9a-f]{64}$/, "Expected a SHA-256 in 64 hexadecimal digits");
const named = z.record(z.string(), z.string());

/** The first line of a trace. */
export const traceHeaderSchema = z.strictObject({
  format: z.literal(TRACE_FORMAT.format),
  version: z.literal(TRACE_FORMAT.version),
  seed: z.int().describe("keys all randomness of the run"),
  config: z
    .record(z.string(), z.json())
    .describe(
      "component by kind: its name, or its name and options; one passed as a value has passedAsValue: true",
    ),
  request: z
    .record(z.string(), z.json())
    .describe("what was asked for: prompts, length (tokens), frame, allowSpecial, rowKeys"),
  tokenizer: z.strictObject({
    vocabularySize: z
      .int()
      .min(1)
      .max(2 ** 24),
    special: z.strictObject({
      mask: index,
      pad: index.optional(),
      begin: index.optional(),
      end: index.optional(),
      unknown: index.optional(),
    }),
    specialIds: listOf(index).describe("every id that is not text"),
    wideTokens: z
      .boolean()
      .describe("tokens are words or pieces of words, not characters: how wide a mask is shown"),
  }),
  packages: named.describe("version of each package that made the run"),
  platform: named.describe("what it ran on: node, os, arch, device"),
  model: z
    .strictObject({
      folder: z.string().describe("as it was named then"),
      files: z.record(z.string(), hash).describe("SHA-256 of each file that the model is made of"),
    })
    .optional(),
  parent: z
    .strictObject({
      header: hash.describe("SHA-256 of the parent's first line, without its line feed"),
      step: z.int().min(0).describe("steps that the parent had done where this run leaves it"),
      locks: listOf(z.strictObject({ row: index, position: index, token: index }))
        .default([])
        .describe("tokens put in place there"),
    })
    .optional()
    .describe("of a fork"),
});

/** What is needed to know where a run came from, to show it, and to run it again. */
export type TraceHeader = z.output<typeof traceHeaderSchema>;

/** Where a fork leaves its parent. */
export interface TraceParent {
  readonly header: TraceHeader;
  readonly step: number;
  readonly locks?: readonly TokenLock[];
}

export interface TraceHeaderParts {
  readonly seed: number;
  /** Choices of components by kind, as in a config. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What was asked of the pipeline; what JSON cannot say is marked as passed by value. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly tokenizer: Tokenizer;
  /** Versions by package. Default none. */
  readonly packages?: Readonly<Record<string, string>>;
  /** Default none. */
  readonly platform?: Readonly<Record<string, string>>;
  readonly model?: TraceHeader["model"];
  readonly parent?: TraceParent;
}

/**
 * The header of a run that is about to begin.
 *
 * @throws DiffusionError `TRACE_INVALID` for parts that a trace cannot hold, `UNSUPPORTED` for a parent without Web Crypto
 */
export async function traceHeader(parts: TraceHeaderParts): Promise<TraceHeader> {
  const { seed, config, request, tokenizer, packages = {}, platform = {}, model, parent } = parts;
  const header = {
    ...TRACE_FORMAT,
    seed,
    config: partsAsJson(config),
    request: partsAsJson(request),
    tokenizer: {
      vocabularySize: tokenizer.vocabularySize,
      special: tokenizer.special,
      specialIds: [...tokenizer.specialIds],
      wideTokens: hasWideTokens(tokenizer),
    },
    packages,
    platform,
    ...(model && { model }),
    ...(parent && {
      parent: {
        header: await traceHeaderHash(parent.header),
        step: parent.step,
        locks: parent.locks ?? [],
      },
    }),
  };
  const { success, data, error } = traceHeaderSchema.safeParse(header);
  if (success) return data;
  const [issue] = error.issues;
  throw new DiffusionError({
    code: "TRACE_INVALID",
    component: "core/trace",
    problem: `expected a header that a trace can hold, got a bad ${issue.path.join(".")}: ${issue.message}`,
    remedy: "Correct that part",
  });
}

/**
 * SHA-256 of a header's line, in hexadecimal: what a fork knows its parent by.
 *
 * @throws DiffusionError `UNSUPPORTED` where there is no Web Crypto (pages that were not served over https)
 */
export async function traceHeaderHash(header: TraceHeader): Promise<string> {
  const { subtle } = globalThis.crypto ?? {};
  if (subtle === undefined) {
    throw new DiffusionError({
      code: "UNSUPPORTED",
      component: "core/trace",
      problem: "expected Web Crypto to hash the header of a trace, got none",
      remedy: "Serve the page over https, or from localhost",
    });
  }
  const bytes = new TextEncoder().encode(headerLine(header));
  return Array.from(new Uint8Array(await subtle.digest("SHA-256", bytes)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

/** The header as its line, without the line feed: keys in the order of the schema, so one header has one line. */
export function headerLine(header: TraceHeader): string {
  return JSON.stringify(traceHeaderSchema.parse(header));
}

// --- internal ---

function partsAsJson(parts: object): Record<string, unknown> {
  const entries = Object.entries(parts).filter(([, part]) => part !== undefined);
  return Object.fromEntries(entries.map(([key, part]) => [key, asJson(part)]));
}

/** A value as JSON can say it; what is more than data and does not say itself becomes `{ name, passedAsValue: true }`. */
function asJson(value: unknown): unknown {
  if (value === null || ["string", "number", "boolean"].includes(typeof value)) return value;
  if (ArrayBuffer.isView(value)) return Array.from(value as Int32Array);
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value === "object" && !isComponent(value)) return partsAsJson(value);
  const { name, toJSON } = value as { readonly name?: unknown; readonly toJSON?: unknown };
  if (typeof toJSON === "function") return asJson(toJSON.call(value));
  return { ...(typeof name === "string" && { name }), passedAsValue: true };
}
