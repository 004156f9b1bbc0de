import { letterTokenizer } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import { idsUnknownTo } from "./ids-unknown-to.js";
import type { Tokenizer } from "./tokenizer.js";

describe("ids unknown to a tokenizer", () => {
  const tokenizer = letterTokenizer("abc"); // 8 tokens

  it("are the rows past its end and the holes in it", () => {
    expect(idsUnknownTo(tokenizer, 8)).toEqual([]);
    expect(idsUnknownTo(tokenizer, 11)).toEqual([8, 9, 10]);
    const holed: Tokenizer = { ...tokenizer, token: (id) => (id === 5 ? undefined : tokenizer.token(id)) };
    expect(idsUnknownTo(holed, 9)).toEqual([5, 8]);
  });

  it("cannot be listed for a tokenizer that is larger than the model", () => {
    expect(() => idsUnknownTo(tokenizer, 7)).toThrow(/0 to 6.*got 7.*TOKEN_OUT_OF_RANGE/);
  });
});
