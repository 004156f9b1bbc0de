/**
 * How often each word of GPT-2's byte-level pre-tokenizer occurs, in order of first occurrence. Words carry the space
 * before them, so that they spell the text without a gap.
 *
 * White space is that of Unicode, as in Rust's tokenizers; JavaScript's `\s` differs from it in U+0085 and U+FEFF.
 *
 * @param counts - is added to
 */
export function countWords(text: string, counts: Map<string, number>): void {
  for (const [word] of text.matchAll(words)) counts.set(word, (counts.get(word) ?? 0) + 1);
}

// --- internal ---

/** Radford et al. 2019 (GPT-2); `\S` is `\P{White_Space}`. */
const words =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;
