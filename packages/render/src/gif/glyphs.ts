import { glyphCharacters, glyphHeight, glyphPixels, glyphWidth } from "./glyph-data.js";

export { glyphHeight, glyphWidth };

/** What stands for a character that the font lacks. */
const MISSING = "▯";

/**
 * How much ink each pixel of a character has, 0 to 3; shape [glyphHeight, glyphWidth], flat. Latin, Greek and Cyrillic letters and
 * common signs; anything else is a box.
 */
export function glyphOf(character: string): Uint8Array {
  const known = glyphs.get(character);
  if (known) return known;
  const index = indices.get(character) ?? (indices.get(MISSING) as number);
  const size = glyphWidth * glyphHeight;
  const glyph = Uint8Array.from({ length: size }, (_, offset) => {
    const pixel = index * size + offset;
    return (pixels[pixel >> 2] >> (2 * (pixel & 3))) & 3;
  });
  glyphs.set(character, glyph);
  return glyph;
}

// --- internal ---

const pixels = Uint8Array.from(atob(glyphPixels), (character) => character.charCodeAt(0));
const indices = new Map([...glyphCharacters].map((character, index) => [character, index]));
const glyphs = new Map<string, Uint8Array>();
