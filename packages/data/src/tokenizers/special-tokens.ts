import type { SpecialTokenIds } from "@textdiffusion/core";
import { invalidTokenizer, type ParsedTokenizerFiles } from "./tokenizer-files.js";

/** What the search needs to know of a vocabulary. */
export interface TokenLookup {
  /** The id of a spelling, or undefined. */
  id(token: string): number | undefined;
  /** What the post-processor puts around an empty text. */
  readonly frame: readonly number[];
}

/**
 * Finds the tokens with a role: named by the config first, then (begin and end) by the post-processor, then by the
 * spellings of RoBERTa and BERT among the special added tokens. `cls` and `sep` go before `bos` and `eos`: they are
 * what a masked model has around its texts.
 *
 * @throws DiffusionError `MODEL_INVALID` for a named token that the vocabulary lacks, and without a mask token
 */
export function findSpecialTokens(
  { json, roles }: ParsedTokenizerFiles,
  vocabulary: TokenLookup,
  source: string,
): SpecialTokenIds {
  const named = (token: string | undefined): number | undefined => {
    if (token === undefined) return undefined;
    const id = vocabulary.id(token);
    if (id === undefined) {
      throw invalidTokenizer(
        `${source}/tokenizer.json`,
        `the special token "${token}" of the config in the vocabulary, got none`,
      );
    }
    return id;
  };
  const spelled = (...spellings: string[]): number | undefined => addedSpecial(json, spellings)?.id;
  const [first, last] = vocabulary.frame.length === 2 ? vocabulary.frame : [];

  const mask = named(findMaskToken({ json, roles }));
  if (mask === undefined) {
    throw invalidTokenizer(
      `${source}/tokenizer.json`,
      "a mask token (mask_token in tokenizer_config.json, or an added special token <mask> or [MASK]), got none",
    );
  }
  const found: { -readonly [Role in keyof SpecialTokenIds]?: number } = {
    mask,
    pad: named(roles.pad_token) ?? spelled("<pad>", "[PAD]"),
    begin: named(roles.cls_token ?? roles.bos_token) ?? first ?? spelled("<s>", "[CLS]"),
    end: named(roles.sep_token ?? roles.eos_token) ?? last ?? spelled("</s>", "[SEP]"),
    unknown: named(roles.unk_token ?? json.model.unk_token ?? undefined) ?? spelled("<unk>", "[UNK]"),
  };
  // Absent roles are absent keys.
  return Object.fromEntries(
    Object.entries(found).filter(([, id]) => id !== undefined),
  ) as unknown as SpecialTokenIds;
}

/** The spelling of the mask token: named by the config, or RoBERTa's or BERT's among the special added tokens. */
export function findMaskToken({
  json,
  roles,
}: Pick<ParsedTokenizerFiles, "json" | "roles">): string | undefined {
  return roles.mask_token ?? addedSpecial(json, ["<mask>", "[MASK]"])?.content;
}

// --- internal ---

function addedSpecial({ added_tokens: added }: ParsedTokenizerFiles["json"], spellings: readonly string[]) {
  return added.find(({ content, special }) => special && spellings.includes(content));
}
