/**
 * Columns that a string takes on a terminal: 2 for wide East Asian characters and emoji, 0 for combining marks.
 * Counts grapheme clusters, so a letter with an accent or a family emoji is one character.
 */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += graphemeWidth(segment);
  return width;
}

/** A string cut into what a reader calls characters. */
export function splitGraphemes(text: string): string[] {
  if (/^[\x20-\x7e]*$/.test(text)) return [...text];
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
}

/**
 * Text that cannot command the terminal: a model may write any byte, the escape character too. Control characters
 * become their pictures (␛), direction overrides and other invisible formatting vanish, a tab is two spaces.
 * Line feeds stay.
 */
export function printable(text: string): string {
  if (/^[\x20-\x7e\n]*$/.test(text)) return text;
  return text
    .replace(/\r\n?/g, "\n")
    .replace(/\t/g, "  ")
    .replace(/(?!\n)\p{Cc}/gu, (control) => {
      const code = control.codePointAt(0) ?? 0;
      if (code < 0x20) return String.fromCodePoint(0x2400 + code);
      return code === 0x7f ? "␡" : "�";
    })
    .replace(/(?!\u200d)[\p{Cf}\p{Zl}\p{Zp}]/gu, "");
}

// --- internal ---

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Unicode's East Asian Width property W and F, in the blocks that fonts draw double. */
const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]|^\p{Emoji_Presentation}/u;

function graphemeWidth(grapheme: string): number {
  if (/^[\p{Mn}\p{Me}\p{Default_Ignorable_Code_Point}]+$/u.test(grapheme)) return 0;
  return wide.test(grapheme) || grapheme.includes("\ufe0f") ? 2 : 1;
}
