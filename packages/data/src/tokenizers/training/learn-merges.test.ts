import { Random } from "@textdiffusion/core";
import { describe, expect, it } from "vitest";
import { type LearnedMerges, learnMerges } from "./learn-merges.js";

function learn(
  texts: Readonly<Record<string, number>>,
  alphabet: readonly string[],
  vocabularySize: number,
  minFrequency = 1,
): LearnedMerges {
  const words = Object.entries(texts).map(([text, count]) => ({
    ids: Array.from(text, (letter) => alphabet.indexOf(letter)),
    count,
  }));
  const learning = learnMerges(words, alphabet, { vocabularySize, minFrequency });
  for (;;) {
    const { done, value } = learning.next();
    if (done) return value;
  }
}

/** Byte-pair encoding as it is told: all is counted again for each merge. Ends before a merge that spells a known token. */
function learnSlowly(
  texts: Readonly<Record<string, number>>,
  alphabet: readonly string[],
  vocabularySize: number,
) {
  const vocabulary = [...alphabet];
  const merges: [string, string][] = [];
  let words = Object.entries(texts).map(([text, count]) => ({ tokens: [...text], count }));
  while (vocabulary.length < vocabularySize) {
    const counts = new Map<string, number>();
    for (const { tokens, count } of words) {
      for (let place = 0; place + 1 < tokens.length; place++) {
        const pair = `${tokens[place]} ${tokens[place + 1]}`;
        counts.set(pair, (counts.get(pair) ?? 0) + count);
      }
    }
    const rank = ([pair, count]: [string, number]): number[] => [
      -count,
      ...pair.split(" ").map((token) => vocabulary.indexOf(token)),
    ];
    const [best] = [...counts].sort((a, b) => {
      const [x, y] = [rank(a), rank(b)];
      return x[0] - y[0] || x[1] - y[1] || x[2] - y[2];
    });
    if (!best) break;
    const [left, right] = best[0].split(" ");
    if (vocabulary.includes(left + right)) break;
    vocabulary.push(left + right);
    merges.push([left, right]);
    words = words.map(({ tokens, count }) => {
      const merged: string[] = [];
      for (let place = 0; place < tokens.length; place++) {
        const isPair = tokens[place] === left && tokens[place + 1] === right;
        merged.push(isPair ? left + right : tokens[place]);
        if (isPair) place++;
      }
      return { tokens: merged, count };
    });
  }
  return { vocabulary, merges };
}

describe("learning merges", () => {
  it("gives what the test of Hugging Face's BpeTrainer expects: re, are, is, and no pair that occurs once", () => {
    const texts = {
      roses: 1,
      are: 2,
      red: 1,
      voilets: 1,
      blue: 1,
      BERT: 1,
      is: 2,
      big: 1,
      and: 1,
      so: 1,
      "GPT-2": 1,
    };
    const alphabet = [..."-2BEGPRTabdegilnorstuv"];
    const { vocabulary, merges } = learn(texts, alphabet, 30_000, 2);
    expect(vocabulary).toEqual([...alphabet, "re", "are", "is"]);
    expect(merges).toEqual([
      ["r", "e"],
      ["a", "re"],
      ["i", "s"],
    ]);
  });

  it("takes equal pairs in the order of their ids, and pairs that overlap from the left", () => {
    expect(learn({ cd: 3, ab: 3 }, [..."abcd"], 6).merges).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
    expect(learn({ aaaaa: 1 }, ["a"], 3).merges).toEqual([
      ["a", "a"],
      ["aa", "a"], // of aa aa a, where "a" has the smaller id
    ]);
  });

  it("agrees with counting all pairs again for each merge, on 60 random texts", () => {
    const alphabet = [..."abcdefghijkl"];
    let compared = 0;
    for (let seed = 0; seed < 60; seed++) {
      const random = Random.fromSeed(seed);
      const texts: Record<string, number> = {};
      for (let word = 0; word < 30; word++) {
        const letters = Array.from({ length: 2 + random.integer(9, word) }, (_, place) => {
          const draw = random.split("letter", word).uniform(place);
          return alphabet[Math.floor(alphabet.length * draw * draw)];
        });
        texts[letters.join("")] = 1 + random.split("count").integer(20, word);
      }
      const expected = learnSlowly(texts, alphabet, 40);
      const { vocabulary, merges } = learn(texts, alphabet, expected.vocabulary.length);
      expect(vocabulary).toEqual(expected.vocabulary);
      expect(merges.slice(0, expected.merges.length)).toEqual(expected.merges);
      compared += expected.merges.length;
    }
    expect(compared).toBeGreaterThan(600);
  });
});
