import { byteAlphabet } from "./byte-ids.js";
import { type FileTokenizer, tokenizerFromJson } from "./file-tokenizer.js";

export interface ByteLevelTokenizerOptions {
  /** What Python's tokenizer truncates to: the longest row of the model. Default none. */
  readonly maxLength?: number;
}

/**
 * A tokenizer that needs no training and spells every text: one token a byte of UTF-8, and five special tokens.
 * RoBERTa's order: `<s>` 0, `<pad>` 1, `</s>` 2, `<unk>` 3, byte b at 4 + b, `<mask>` 260.
 */
export function byteLevelTokenizer(options: ByteLevelTokenizerOptions = {}): FileTokenizer {
  return tokenizerFromJson(byteLevelTokenizerJson(), byteLevelTokenizerConfig(options), "byte-level");
}

/** Its `tokenizer.json`: RoBERTa's byte-level BPE without merges. */
export function byteLevelTokenizerJson(): object {
  return byteLevelBpeJson(["<s>", "<pad>", "</s>", "<unk>", ...byteAlphabet(), "<mask>"], []);
}

/**
 * The `tokenizer.json` of a byte-level BPE as RoBERTa's.
 *
 * @param vocabulary - by id, RoBERTa's five special tokens and the byte alphabet in it
 * @param merges - the first merged first
 */
export function byteLevelBpeJson(
  vocabulary: readonly string[],
  merges: readonly (readonly [left: string, right: string])[],
): object {
  const id = (token: string) => vocabulary.indexOf(token);
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: ["<s>", "<pad>", "</s>", "<unk>", "<mask>"].map((content) => ({
      id: id(content),
      content,
      single_word: false,
      lstrip: false, // RoBERTa's <mask> eats the space before it; here every text must come back as it was
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: {
      type: "RobertaProcessing",
      sep: ["</s>", id("</s>")],
      cls: ["<s>", id("<s>")],
      trim_offsets: true,
      add_prefix_space: false,
    },
    decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(vocabulary.map((token, index) => [token, index])),
      merges: merges.map((pair) => pair.join(" ")), // as strings: every version of the library reads those
    },
  };
}

/** Its `tokenizer_config.json`, so that Python's `AutoTokenizer.from_pretrained` opens the folder. */
export function byteLevelTokenizerConfig({ maxLength }: ByteLevelTokenizerOptions = {}): object {
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    bos_token: "<s>",
    cls_token: "<s>",
    eos_token: "</s>",
    sep_token: "</s>",
    pad_token: "<pad>",
    unk_token: "<unk>",
    mask_token: "<mask>",
    clean_up_tokenization_spaces: false,
    ...(maxLength === undefined ? {} : { model_max_length: maxLength }),
  };
}
