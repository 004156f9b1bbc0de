// Draws the characters that GIFs are written with, in Chromium, and stores them as data: no machine that makes a GIF then
// needs a font. DejaVu Sans Mono, whose licence lets glyphs be embedded.
//
//   node scripts/write-glyph-atlas.mjs        (needs Chromium and DejaVu Sans Mono, fonts-dejavu-core in Debian)
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const [width, height] = [10, 21];
const ranges = [
  [0x20, 0x7e],
  [0xa1, 0x17f],
  [0x386, 0x3ce],
  [0x400, 0x45f],
];
const single = "–—‘’‚“”„†•…‰‹›€™←↑→↓↵░▒▓█▯␛␀␡∞≈≠≤≥♪♥√∑−×";
const characters = [
  ...ranges.flatMap(([from, to]) =>
    Array.from({ length: to - from + 1 }, (_, index) => String.fromCodePoint(from + index)),
  ),
  ...single,
].filter((character, index, all) => all.indexOf(character) === index && !/\p{Cn}|\p{Cf}/u.test(character));

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
const page = await browser.newPage();
const bytes = await page.evaluate(
  ([characters, width, height]) => {
    const canvas = new OffscreenCanvas(width, height * characters.length);
    const context = canvas.getContext("2d");
    context.font = '16.6px "DejaVu Sans Mono"';
    context.textBaseline = "alphabetic";
    context.fillStyle = "#fff";
    characters.forEach((character, index) => {
      context.save();
      context.beginPath();
      context.rect(0, index * height, width, height);
      context.clip();
      context.fillText(character, 0, index * height + 16);
      context.restore();
    });
    const { data } = context.getImageData(0, 0, width, height * characters.length);
    const packed = new Array(Math.ceil(data.length / 16)).fill(0);
    for (let pixel = 0; pixel < data.length / 4; pixel++) {
      packed[pixel >> 2] |= Math.round((data[4 * pixel + 3] / 255) * 3) << (2 * (pixel & 3)); // 4 levels
    }
    return packed;
  },
  [characters, width, height],
);
await browser.close();

const file = fileURLToPath(new URL("../packages/render/src/gif/glyph-data.ts", import.meta.url));
writeFileSync(
  file,
  `// Written by scripts/write-glyph-atlas.mjs: DejaVu Sans Mono, 4 levels of grey, 2 bits a pixel, row after row.
// Bitstream Vera Fonts Copyright (c) 2003 Bitstream, Inc.; DejaVu changes are in public domain.

/** Pixels of a character. */
export const glyphWidth = ${width};
export const glyphHeight = ${height};

/** In the order of the pixels. */
export const glyphCharacters =
  ${JSON.stringify(characters.join(""))};

export const glyphPixels =
  "${Buffer.from(bytes).toString("base64")}";
`,
);
console.log(`${characters.length} characters, ${bytes.length} bytes`);
