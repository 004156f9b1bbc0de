import { letterTokenizer } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import { DiffusionError } from "../errors/diffusion-error.js";
import type { Canvas } from "../values/canvas.js";
import { type CanvasRequest, openCanvas } from "./open-canvas.js";

const tokenizer = letterTokenizer("abcd ");

/** A row in letters: `_` where the sampler may write, `.` where nothing is attended to. */
function drawn({ ids, editable, attentionMask, seq }: Canvas, row = 0): string {
  return Array.from({ length: seq }, (_, position) => {
    const index = row * seq + position;
    if (attentionMask[index] === 0) return ".";
    if (editable[index] === 1) return ids[index] === tokenizer.special.mask ? "_" : "?";
    return tokenizer.token(ids[index]);
  }).join("");
}

describe("openCanvas", () => {
  it("opens an empty page", () => {
    expect(drawn(openCanvas(tokenizer, { length: 5 }))).toBe("_____");
  });

  it("continues a prompt to the length", () => {
    const canvas = openCanvas(tokenizer, { prompts: ["ab", "dad "], length: 6 });
    expect([drawn(canvas, 0), drawn(canvas, 1)]).toEqual(["ab____", "dad __"]);
  });

  it("leaves gaps in a text", () => {
    expect(drawn(openCanvas(tokenizer, { prompts: [["a", { gap: 2 }, "b", { gap: 1 }]], length: 1 }))).toBe(
      "a__b_",
    );
  });

  it("frames the row as training rows were", () => {
    expect(drawn(openCanvas(tokenizer, { prompts: ["ab"], length: 6, frame: true }))).toBe("<s>ab__</s>");
    expect(drawn(openCanvas(tokenizer, { prompts: [[{ gap: 1 }, "a"]], length: 9, frame: true }))).toBe(
      "<s>_a</s>",
    );
  });

  it("pads rows of unequal length on the right, unattended and not editable", () => {
    const canvas = openCanvas(tokenizer, {
      prompts: [
        ["a", { gap: 1 }],
        ["abc", { gap: 2 }],
      ],
      length: 1,
    });
    expect([drawn(canvas, 0), drawn(canvas, 1)]).toEqual(["a_...", "abc__"]);
    expect([...canvas.ids.slice(2, 5)]).toEqual([
      tokenizer.special.pad,
      tokenizer.special.pad,
      tokenizer.special.pad,
    ]);
    expect([...canvas.editable.slice(2, 5)]).toEqual([0, 0, 0]);
  });

  it("passes row keys on", () => {
    expect(openCanvas(tokenizer, { prompts: ["", ""], length: 3, rowKeys: [5, 9] }).rowKeys).toEqual([5, 9]);
  });
});

describe("openCanvas refuses", () => {
  const refused: Record<string, { request: CanvasRequest; because: RegExp }> = {
    "no prompts": { request: { prompts: [], length: 4 }, because: /at least one prompt/ },
    "a prompt that fills the page": {
      request: { prompts: ["abcd"], length: 4 },
      because: /shorter than the canvas of 4 tokens, got 4/,
    },
    "a prompt that fills the page with its frame": {
      request: { prompts: ["ab"], length: 4, frame: true },
      because: /got 4 tokens in prompt 0/,
    },
    "the mask token in a prompt": {
      request: { prompts: ["a<mask>b"], length: 9 },
      because: /no mask token.*"a<mask>b".*gap/,
    },
    "the mask token between gaps": {
      request: { prompts: [[{ gap: 1 }, "<mask>"]], length: 9 },
      because: /no mask token/,
    },
    "a length of zero": { request: { length: 0 }, because: /at least 1 token, got 0/ },
    "half a token": { request: { length: 2.5 }, because: /got 2.5/ },
    "no number": { request: { length: Number.NaN }, because: /got NaN/ },
    "an empty gap": {
      request: { prompts: [["a", { gap: 0 }]], length: 3 },
      because: /gap of at least 1 token in prompt 0, got 0/,
    },
    "a row of nothing": { request: { prompts: [[]], length: 3 }, because: /at least one token in prompt 0/ },
  };
  it.each(Object.entries(refused))("%s", (_, { request, because }) => {
    try {
      openCanvas(tokenizer, request);
      expect.fail("expected an error");
    } catch (error) {
      expect(String(error)).toMatch(because);
      expect(DiffusionError.is(error, "PROMPT_INVALID")).toBe(true);
    }
  });

  it("unequal rows when the tokenizer has no pad token", () => {
    const { pad: _, ...special } = tokenizer.special;
    const open = () =>
      openCanvas({ ...tokenizer, special }, { prompts: [[{ gap: 1 }], [{ gap: 2 }]], length: 1 });
    expect(open).toThrowError(/no pad token.*PROMPT_INVALID/);
  });
});
