import { type MergeCandidate, MergeQueue } from "./merge-queue.js";

export interface LearnMergesOptions {
  /** Tokens to end with, those of `vocabulary` among them. */
  readonly vocabularySize: number;
  /** Pairs that are rarer are not merged. */
  readonly minFrequency: number;
}

/** Byte-pair encoding, token by token. */
export interface LearnedMerges {
  /** By id: the tokens that it began with, then one for each merge whose spelling is new. */
  readonly vocabulary: readonly string[];
  /** Pairs of spellings, the first merged first. */
  readonly merges: readonly (readonly [left: string, right: string])[];
}

/**
 * Byte-pair encoding (Sennrich et al. 2016, arXiv:1508.07909): the most frequent pair of neighbours becomes a token,
 * until there are enough. Equal pairs are merged in the order of their ids.
 *
 * The result is that of Hugging Face's `BpeTrainer`, token for token, and so is the way: a queue of pairs with the words that they were
 * seen in, whose counts are looked at again when they come up. Where a merge spells a token that exists, that token is
 * used, and what it stands next to is queued a second time with the new words only.
 *
 * A generator, so that the caller can show progress and stop: it yields the size of the vocabulary after each merge.
 *
 * @param words - each word as ids of `vocabulary`, and how often it occurs; the ids are changed
 */
export function* learnMerges(
  words: readonly { readonly ids: number[]; readonly count: number }[],
  alphabet: readonly string[],
  { vocabularySize, minFrequency }: LearnMergesOptions,
): Generator<number, LearnedMerges, void> {
  const vocabulary = [...alphabet];
  const ids = new Map(vocabulary.map((spelling, id) => [spelling, id]));
  const merges = new Map<number, readonly [string, string]>(); // by pair: one that comes up again is no second merge
  const pairs = new PairCounts();
  for (const [index, word] of words.entries()) {
    for (let place = 0; place + 1 < word.ids.length; place++) {
      pairs.add(word.ids[place], word.ids[place + 1], word.count, index);
    }
  }
  const queue = new MergeQueue();
  pairs.queueSeen(queue);

  while (vocabulary.length < vocabularySize) {
    const top = queue.pop();
    if (top === undefined) break;
    const count = pairs.count(top.left, top.right);
    if (top.count !== count) {
      top.count = count;
      queue.push(top);
      continue;
    }
    if (count < 1 || count < minFrequency) break;
    const spelling = vocabulary[top.left] + vocabulary[top.right];
    const id = ids.get(spelling) ?? vocabulary.length;
    if (id === vocabulary.length) {
      vocabulary.push(spelling);
      ids.set(spelling, id);
    }
    const key = pairKey(top.left, top.right);
    merges.delete(key);
    merges.set(key, [vocabulary[top.left], vocabulary[top.right]]);
    for (const index of top.words) mergeIn(words[index], index, top, id, pairs);
    pairs.queueSeen(queue);
    yield vocabulary.length;
  }
  return { vocabulary, merges: [...merges.values()] };
}

// --- internal ---

function mergeIn(
  { ids, count }: { readonly ids: number[]; readonly count: number },
  index: number,
  { left, right }: MergeCandidate,
  merged: number,
  pairs: PairCounts,
): void {
  let kept = 0;
  for (let place = 0; place < ids.length; place++) {
    if (ids[place] !== left || ids[place + 1] !== right) {
      ids[kept++] = ids[place];
      continue;
    }
    if (kept > 0) {
      pairs.add(ids[kept - 1], left, -count);
      pairs.add(ids[kept - 1], merged, count, index);
    }
    place++;
    ids[kept++] = merged;
    if (place + 1 < ids.length) {
      pairs.add(right, ids[place + 1], -count);
      pairs.add(merged, ids[place + 1], count, index);
    }
  }
  ids.length = kept;
}

/** How often each pair occurs, and the words in which some came up since they were last queued. */
class PairCounts {
  readonly #counts = new Map<number, number>();
  readonly #seen = new Map<number, { left: number; right: number; words: Set<number> }>();

  count(left: number, right: number): number {
    return this.#counts.get(pairKey(left, right)) ?? 0;
  }

  /** @param word - where it came up; none where it went away */
  add(left: number, right: number, change: number, word?: number): void {
    const key = pairKey(left, right);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + change);
    if (word === undefined) return;
    const seen = this.#seen.get(key);
    if (seen) seen.words.add(word);
    else this.#seen.set(key, { left, right, words: new Set([word]) });
  }

  queueSeen(queue: MergeQueue): void {
    for (const [key, candidate] of this.#seen) {
      const count = this.#counts.get(key) as number;
      if (count > 0) queue.push({ ...candidate, count });
    }
    this.#seen.clear();
  }
}

/** One number for a pair; exact for ids below 2^26. */
function pairKey(left: number, right: number): number {
  return left * 2 ** 26 + right;
}
