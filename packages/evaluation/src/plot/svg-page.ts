import { colours, type Look, marker } from "./markers.js";
import { element, text } from "./svg.js";

/** Height of a line of a legend in pixels. */
export const LEGEND_ROW = 20;
/** Width that a letter of text takes at most, on average. */
export const LETTER = 7;

/**
 * A whole SVG document without scripts or outside fonts, for light and dark pages.
 *
 * @param label - what it shows, for those who do not see it
 */
export function svgPage(
  { width, height, label }: { readonly width: number; readonly height: number; readonly label: string },
  ...parts: readonly string[]
): string {
  const size = { viewBox: `0 0 ${width} ${height}`, width, height };
  const head = { xmlns: "http://www.w3.org/2000/svg", ...size, "data-generator": "textdiffusion" };
  return `${element(
    "svg",
    { ...head, role: "img", "aria-label": label },
    `<style>${style}</style>`,
    element("rect", { class: "page", width, height }),
    ...parts,
  )}\n`;
}

/** A line of a legend, its middle at `y`. */
export function legendLine(
  label: string,
  { look, y, marked = true }: { readonly look: Look; readonly y: number; readonly marked?: boolean },
): string {
  const line = { class: `${look.className} line`, "stroke-dasharray": look.dashes };
  return [
    element("line", { ...line, x1: 0, x2: 28, y1: y, y2: y }),
    ...(marked ? [marker(look, 14, y)] : []),
    text(label, { x: 38, y: y + 4 }),
  ].join("");
}

// --- internal ---

/** Programs that know no media queries show the light page. */
const style = [
  "text{font:12px system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif;fill:#424a53}",
  ".title{font-size:13px;font-weight:600;fill:#1f2328}",
  ".page{fill:#ffffff}",
  ".grid{stroke:#d0d7de;stroke-width:1}",
  ".reference{stroke:#57606a;stroke-width:1.5;stroke-dasharray:7 4;fill:none}",
  ".cross{stroke-width:2.5;stroke-dasharray:none}",
  ".error{stroke:#1f2328;stroke-width:1.5;fill:none}",
  ...colours.map((colour, index) => `.c${index}{stroke:${colour};fill:${colour}}`),
  ".line{fill:none;stroke-width:1.8}", // after the colours, which fill
  ".dot{stroke:none}",
  "@media (prefers-color-scheme:dark){text{fill:#b1bac4}.title{fill:#e6edf3}.page{fill:#0d1117}.grid{stroke:#2d333b}.reference{stroke:#9da7b3}.error{stroke:#e6edf3}}",
].join("");
