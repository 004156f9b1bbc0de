import { DiffusionError } from "@textdiffusion/core";
import { byteAlphabet } from "../byte-ids.js";
import { byteLevelBpeJson, byteLevelTokenizerConfig } from "../byte-level-tokenizer.js";
import type { TokenizerFiles } from "../tokenizer-files.js";
import { countWords } from "./count-words.js";
import { learnMerges } from "./learn-merges.js";

export interface TrainTokenizerOptions {
  /** Tokens to end with, the 5 special ones and the 256 bytes among them. */
  readonly vocabularySize: number;
  /** Pairs that occur less often are not merged. Default 2, as in Hugging Face's ByteLevelBPETokenizer. */
  readonly minFrequency?: number;
  /** The longest row of the model, which Python's tokenizer truncates to. Default none. */
  readonly maxLength?: number;
  /** Told now and then. @param share - in [0, 1] */
  readonly onProgress?: (stage: "words" | "merges", share: number) => void;
  readonly signal?: AbortSignal;
}

export interface TrainedTokenizer {
  /** For `tokenizerFromFiles`, or to be written into a folder. */
  readonly files: TokenizerFiles;
  /** May be less than was asked for: then every pair that is left is rarer than `minFrequency`. */
  readonly vocabularySize: number;
  /** UTF-8 bytes of the texts. */
  readonly bytes: number;
  /** Into which the texts are cut by the tokenizer. */
  readonly tokens: number;
}

/**
 * Trains RoBERTa's kind of tokenizer, byte-level BPE, on texts: the same `tokenizer.json` as Python's tokenizers makes by
 * `train_from_iterator(texts)` with `BpeTrainer(special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
 * initial_alphabet=ByteLevel.alphabet())`. Any text can be spelled with it, whatever it was trained on.
 *
 * @param texts - whole documents: no token crosses from one to the next
 * @throws DiffusionError `CONFIG_INVALID` for a vocabulary without room for the bytes, `DATA_INVALID` without text,
 *   `ABORTED`
 */
export async function trainTokenizer(
  texts: Iterable<string> | AsyncIterable<string>,
  options: TrainTokenizerOptions,
): Promise<TrainedTokenizer> {
  const { vocabularySize, minFrequency = 2, maxLength, onProgress, signal } = options;
  assertRoom("vocabularySize", vocabularySize, smallestVocabulary);
  assertRoom("minFrequency", minFrequency, 1);
  const counts = new Map<string, number>();
  onProgress?.("words", 0);
  for await (const text of texts) {
    countWords(text, counts);
    await pause(signal);
  }
  if (counts.size === 0) {
    throw new DiffusionError({
      code: "DATA_INVALID",
      component: "data/train-tokenizer",
      problem: "expected text to train a tokenizer on, got none",
      remedy: "Name a text that is not empty",
    });
  }
  const { words, bytes } = asIds(counts);
  const learning = learnMerges(words, firstTokens, { vocabularySize, minFrequency });
  let next = learning.next();
  for (let merge = 0; !next.done; merge++) {
    if (merge % 64 === 0) {
      const first = firstTokens.length;
      onProgress?.("merges", (next.value - first) / Math.max(1, vocabularySize - first));
      await pause(signal);
    }
    next = learning.next();
  }
  const { vocabulary, merges } = next.value;
  return {
    files: {
      "tokenizer.json": `${JSON.stringify(byteLevelBpeJson(vocabulary, merges), null, 2)}\n`,
      "tokenizer_config.json": `${JSON.stringify(byteLevelTokenizerConfig({ maxLength }), null, 2)}\n`,
    },
    vocabularySize: vocabulary.length,
    bytes,
    tokens: words.reduce((sum, { ids, count }) => sum + ids.length * count, 0),
  };
}

// --- internal ---

/** As `BpeTrainer` numbers them: special tokens, then the alphabet by code point. */
const firstTokens = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", ...byteAlphabet().sort()];

const smallestVocabulary = firstTokens.length;

function asIds(counts: ReadonlyMap<string, number>) {
  const idOfByte = byteAlphabet().map((symbol) => firstTokens.indexOf(symbol));
  const utf8 = new TextEncoder();
  let bytes = 0;
  const words = [...counts].map(([word, count]) => {
    const ids = Array.from(utf8.encode(word), (byte) => idOfByte[byte]);
    bytes += ids.length * count;
    return { ids, count };
  });
  return { words, bytes };
}

/** Lets timers and signals be heard. @throws DiffusionError `ABORTED` */
async function pause(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
  if (!signal?.aborted) return;
  throw new DiffusionError({
    code: "ABORTED",
    component: "data/train-tokenizer",
    problem: "expected to train the tokenizer to its end, got an abort",
    remedy: "Nothing was written. Start again",
  });
}

function assertRoom(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new DiffusionError({
    code: "CONFIG_INVALID",
    component: "data/train-tokenizer",
    problem: `expected ${name} of at least ${least}, got ${value}`,
    remedy:
      name === "vocabularySize"
        ? "The 5 special tokens and the 256 bytes need a place, too"
        : "Use a positive whole number",
  });
}
