import { DiffusionError } from "@textdiffusion/core";
import { z } from "zod";

/** The texts of a Hugging Face tokenizer, by file name. They are written back as they were read. */
export interface TokenizerFiles {
  readonly "tokenizer.json": string;
  readonly "tokenizer_config.json"?: string;
  readonly "special_tokens_map.json"?: string;
}

export const tokenizerFileNames = [
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
] as const satisfies readonly (keyof TokenizerFiles)[];

/** What we read of `tokenizer.json` ourselves; the rest is for the library. */
export type TokenizerJson = z.output<typeof tokenizerJson>;

/** Which token plays which role, by spelling. */
export type TokenRoles = { readonly [Role in keyof z.output<typeof tokenRoles>]?: string };

export interface ParsedTokenizerFiles {
  readonly json: TokenizerJson;
  /** `tokenizer_config.json`, and where it is silent `special_tokens_map.json`. */
  readonly roles: TokenRoles;
  /** The two arguments of the library: the files as they stand, absent parts filled in. */
  readonly library: readonly [json: object, config: object];
}

/**
 * Parses and checks the files. As in Python's transformers, a token that the config gives a role is a special added
 * token, whether `added_tokens` lists it or not.
 *
 * @param source - the folder or address that they come from, for messages
 * @throws DiffusionError `MODEL_INVALID` that names the file
 */
export function parseTokenizerFiles(files: TokenizerFiles, source: string): ParsedTokenizerFiles {
  const read = <Value>(name: keyof TokenizerFiles, schema: z.ZodType<Value>) => {
    const file = `${source}/${name}`;
    const raw = parsedJson(files[name] ?? "{}", file); // tokenizer.json alone must exist
    return { value: checked(schema, raw, file), raw: raw as Record<string, unknown> };
  };
  const json = read("tokenizer.json", tokenizerJson);
  const config = read("tokenizer_config.json", tokenRoles);
  const map = read("special_tokens_map.json", tokenRoles);
  const roleNames = Object.keys(tokenRoles.shape) as (keyof TokenRoles)[];
  const roles: TokenRoles = Object.fromEntries(
    roleNames.map((role) => [role, config.value[role] ?? map.value[role]]),
  );
  const promoted = namedOutsideAddedTokens(json.value, roles);
  return {
    json: { ...json.value, added_tokens: [...json.value.added_tokens, ...promoted] },
    roles,
    library: [
      {
        normalizer: null,
        pre_tokenizer: null,
        post_processor: null,
        decoder: null,
        ...json.raw,
        added_tokens: [...((json.raw.added_tokens as object[] | undefined) ?? []), ...promoted],
      },
      config.raw,
    ],
  };
}

/** The error of a tokenizer file that cannot be used. */
export function invalidTokenizer(file: string, expectedAndGot: string, cause?: unknown): DiffusionError {
  return new DiffusionError({
    code: "MODEL_INVALID",
    component: "data/tokenizer",
    problem: `expected ${expectedAndGot}, in ${file}`,
    remedy:
      "Save the tokenizer again with Python's tokenizer.save_pretrained, or use the byte-level tokenizer",
    details: { file },
    cause,
  });
}

// --- internal ---

// Vocabularies have some 10^5 tokens; a far larger id is a broken or a hostile file and would cost its size in memory.
const tokenId = z
  .int()
  .min(0)
  .max(2 ** 24);

const addedToken = z.object({
  id: tokenId,
  content: z.string().min(1),
  special: z.boolean().default(false),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
  single_word: z.boolean().default(false),
});

const tokenizerJson = z.object({
  added_tokens: z.array(addedToken).default([]),
  normalizer: z.looseObject({}).nullable().default(null),
  pre_tokenizer: z.looseObject({ type: z.string() }).nullable().default(null),
  decoder: z.looseObject({ type: z.string() }).nullable().default(null),
  model: z.looseObject({
    type: z.string().optional(),
    unk_token: z.string().nullish(),
    vocab: z.union([z.record(z.string(), tokenId), z.array(z.tuple([z.string(), z.number()]))]),
  }),
});

/** A token is named by its spelling, in older files by an object that holds it. */
const spelling = z
  .union([z.string(), z.object({ content: z.string() })])
  .nullish()
  .transform((token) => (typeof token === "object" ? token?.content : token));

const tokenRoles = z.object({
  mask_token: spelling,
  pad_token: spelling,
  cls_token: spelling,
  bos_token: spelling,
  sep_token: spelling,
  eos_token: spelling,
  unk_token: spelling,
});

function namedOutsideAddedTokens({ added_tokens, model }: TokenizerJson, roles: TokenRoles) {
  const { vocab } = model;
  if (Array.isArray(vocab)) return []; // Unigram: its role tokens are always added tokens
  const listed = new Set(added_tokens.map(({ content }) => content));
  const named = new Set(Object.values(roles).filter((token) => typeof token === "string"));
  return [...named]
    .filter((token) => !listed.has(token) && Object.hasOwn(vocab, token))
    .map((content) => addedToken.parse({ id: vocab[content], content, special: true }));
}

function parsedJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalidTokenizer(file, `JSON, got ${text.trim() === "" ? "an empty file" : String(cause)}`, cause);
  }
}

function checked<Value>(schema: z.ZodType<Value>, value: unknown, file: string): Value {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const at = issue.path.length > 0 ? ` at ${issue.path.join(".")}` : "";
  throw invalidTokenizer(file, `the parts of a Hugging Face tokenizer, got${at}: ${issue.message}`);
}
