import { openCanvas, reverseLoop } from "@textdiffusion/core";
import { displayWidth, type PageState, pageReducer } from "@textdiffusion/render";
import { oracleDenoiser } from "@textdiffusion/testkit";
import {
  byteLevelTokenizer,
  linearSchedule,
  randomSampler,
  remaskingSampler,
  type Sampler,
  type Tokenizer,
} from "textdiffusion";
import { describe, expect, it } from "vitest";
import { wordPieceTokenizer } from "../fixtures/word-piece-tokenizer.js";
import type { Look } from "../terminal/paint.js";
import { renderFrame } from "./render-frame.js";

const bytes = byteLevelTokenizer();
const verse = "The tide was low, the cafe shut,\nhe found a crab inside a hut.\n";
const wideVerse = "The tide was low, the café shut — 日本 🦊\nhe found a crab inside a hut.";

interface Scene {
  readonly tokenizer?: Tokenizer;
  readonly text?: string;
  readonly prompt?: string;
  readonly sampler?: Sampler;
  readonly rows?: number;
}

/** Every page of a generation by a model that knows the text. */
async function pagesOf({ tokenizer = bytes, text = verse, prompt = "", rows = 1, ...scene }: Scene = {}) {
  const target = tokenizer.encode(text);
  const reduce = pageReducer(tokenizer, "random");
  const pages: PageState[] = [];
  for await (const event of reverseLoop({
    denoiser: oracleDenoiser({ vocabularySize: tokenizer.vocabularySize, text: target }),
    sampler: scene.sampler ?? randomSampler({ steps: 12 }),
    schedule: linearSchedule(),
    canvas: openCanvas(tokenizer, { prompts: new Array<string>(rows).fill(prompt), length: target.length }),
    maskTokenId: tokenizer.special.mask,
    seed: 3,
  })) {
    pages.push(reduce(pages.at(-1), event));
  }
  return pages;
}

const last = (pages: readonly PageState[]) => pages[pages.length - 1];
const headerOf = (page: PageState, width = 120) => renderFrame(page, width).split("\n")[0];
const bodyOf = (page: PageState, width = 88) => renderFrame(page, width).split("\n").slice(2).join("\n");

/** The pieces of the page that have a look, in their order. */
function piecesWith(look: Look, page: PageState, confidence = false): string[] {
  const pieces: string[] = [];
  renderFrame(page, 88, {
    confidence,
    paint: (found, text) => {
      if (found === look) pieces.push(text);
      return text;
    },
  });
  return pieces;
}

describe("renderFrame", () => {
  it("goes from a page of masks to the text", async () => {
    const pages = await pagesOf();
    expect(bodyOf(pages[0]).replaceAll("\n", "")).toBe("░".repeat(verse.length));
    expect(bodyOf(last(pages))).toBe(verse);
  });

  it("leaves every character of a byte-level page at its place until the page is finished", async () => {
    const width = 20;
    for (const page of (await pagesOf()).slice(0, -1)) {
      const cells = [...page.ids].map((id, position) =>
        id === bytes.special.mask ? "░" : verse[position].replace("\n", "↵"),
      );
      const lines = Array.from({ length: Math.ceil(cells.length / width) }, (_, line) =>
        cells.slice(line * width, (line + 1) * width).join(""),
      );
      expect(bodyOf(page, width)).toBe(lines.join("\n"));
    }
  });

  it("breaks the lines of a prompt at once, since they will not change", async () => {
    const [first] = await pagesOf({ prompt: "The tide was low, the cafe shut,\n" });
    expect(bodyOf(first).split("\n")).toEqual(["The tide was low, the cafe shut,", "░".repeat(30)]);
  });

  it.each([
    ["bytes", {}],
    ["wide characters", { text: wideVerse }],
    ["word pieces", { tokenizer: wordPieceTokenizer(), text: "he found a crab, inside a hut." }],
    ["several rows", { rows: 3 }],
  ])("keeps every line within the width: %s", async (_, scene) => {
    for (const page of await pagesOf(scene)) {
      for (const width of [4, 9, 20, 33, 80, 200]) {
        const widths = renderFrame(page, width).split("\n").map(displayWidth);
        expect(Math.max(...widths)).toBeLessThanOrEqual(width);
      }
    }
  });

  it("highlights exactly what the step settled", async () => {
    const pages = await pagesOf();
    expect(pages.length).toBe(14);
    for (const [index, page] of pages.entries()) {
      const settled = [...page.ids.keys()].filter(
        (position) => page.ids[position] !== pages[index - 1]?.ids[position],
      );
      const expected =
        index === 0 ? "" : settled.map((position) => verse[position].replace("\n", "↵")).join("");
      expect(piecesWith("fresh", page).join("")).toBe(expected);
    }
  });

  it("marks what went back to a mask", async () => {
    const pages = await pagesOf({ sampler: remaskingSampler({ steps: 5 }) });
    const { mask } = bytes.special;
    for (const [index, page] of pages.slice(0, -1).entries()) {
      const before = pages[index - 1];
      const remasked = [...page.ids.keys()].filter(
        (at) => before && before.ids[at] !== mask && page.ids[at] === mask,
      );
      expect(piecesWith("poor", page).join("")).toBe("░".repeat(remasked.length));
    }
    expect(pages.some((page) => piecesWith("poor", page).length > 0)).toBe(true);
  });

  it("sets the prompt apart, on the finished page too", async () => {
    const pages = await pagesOf({ prompt: "The tide" });
    expect(piecesWith("prompt", pages[3])).toEqual(["The tide"]);
    expect(piecesWith("prompt", last(pages))).toEqual(["The tide"]);
  });

  it("colours settled tokens by their probability when asked", async () => {
    const pages = await pagesOf();
    const certain = last(pages); // the oracle gives its token probability 1
    expect(piecesWith("good", certain, true).join("")).toBe(verse.replaceAll("\n", ""));
    const doubtful = { ...certain, probability: certain.probability.map((_, at) => [0.2, 0.5, 0.9][at % 3]) };
    for (const [rest, look] of (["poor", "fair", "good"] as const).entries()) {
      const expected = [...verse].filter((letter, at) => at % 3 === rest && letter !== "\n").join("");
      expect(piecesWith(look, doubtful, true).join("")).toBe(expected);
    }
    expect(piecesWith("good", certain)).toEqual([]);
  });

  it("counts steps, masks and forwards in the header", async () => {
    const pages = await pagesOf({ prompt: "The tide" });
    const editable = verse.length - 8;
    expect(headerOf(pages[0])).toMatch(
      new RegExp(`^random .* step 0/12  ${editable} of ${editable} masked  0 forwards$`),
    );
    const masks = [...pages[5].ids].filter((id) => id === bytes.special.mask).length;
    expect(headerOf(pages[5])).toMatch(new RegExp(` step 5/12  ${masks} of ${editable} masked  5 forwards$`));
    expect(renderFrame(last(pages), 120, { elapsedMs: 1234 })).toMatch(
      /step 12\/12 {2}0 of 55 masked {2}12 forwards {2}1\.2 s\n/,
    );
  });

  it("scrolls a page that is higher than the terminal to its first mask, and shows it whole when it is finished", async () => {
    const pages = await pagesOf({ text: verse.repeat(4), sampler: randomSampler({ steps: 30 }) });
    const height = 9;
    for (const page of pages.slice(0, -1)) {
      const lines = renderFrame(page, 20, { height }).split("\n");
      expect(lines.length).toBe(height);
      expect(lines.slice(2).some((line) => line.includes("░"))).toBe(page.masked > 0);
    }
    const behind = {
      ...pages[20],
      ids: pages[20].ids.map((id, at) => (at < 200 ? last(pages).ids[at] : id)),
    };
    const lines = renderFrame(behind, 20, { height }).split("\n");
    expect(lines[2]).toMatch(/^… \d+ lines above$/);
    expect(lines.some((line) => line.includes("░"))).toBe(true);
    expect(renderFrame(last(pages), 80, { height })).toContain(verse.repeat(4));
  });

  it("numbers the rows when there are several", async () => {
    const pages = await pagesOf({ rows: 2 });
    expect(bodyOf(last(pages))).toBe(`── 1 of 2 ──\n${verse}\n\n── 2 of 2 ──\n${verse}`);
  });

  it("draws a mask of a word-piece tokenizer about as wide as a word", async () => {
    const tokenizer = wordPieceTokenizer();
    const pages = await pagesOf({ tokenizer, text: "he found a crab, inside a hut." });
    expect(bodyOf(pages[0])).toBe(new Array(11).fill("░░░").join(" "));
    expect(bodyOf(last(pages))).toBe("he found a crab, inside a hut.");
  });

  it("lets no escape sequence of the text through", async () => {
    for (const page of await pagesOf({ text: "a\x1b[2J\x07b" }))
      expect(renderFrame(page, 80)).not.toContain("\x1b");
  });
});
