import type { Look } from "./markers.js";
import { linearScale } from "./scale.js";
import { element, text } from "./svg.js";

export interface Bar {
  readonly label: string;
  readonly look: Look;
  readonly value: number;
  /** Half the length of the bar of its error. */
  readonly error?: number;
}

const area = { left: 30, right: 430, top: 40, bottom: 278 } as const;
/** Room for the figures to the right of the longest bar. */
const FIGURES = 120;
const THICKNESS = 16;

/** Horizontal bars from 0 on, each under its label, with its figures at its end. Values that are no numbers get none. */
export function bars({
  title,
  xLabel,
  bars: all,
}: {
  readonly title: string;
  readonly xLabel: string;
  readonly bars: readonly Bar[];
}): string {
  const known = all.filter(({ value }) => Number.isFinite(value));
  const { ticks, at } = linearScale([0, ...known.map(({ value }) => value)], area.left, area.right - FIGURES);
  const parts = [text(title, { class: "title", x: area.left, y: 22 })];
  for (const tick of ticks) {
    const x = at(tick);
    parts.push(element("line", { class: "grid", x1: x, x2: x, y1: area.top, y2: area.bottom }));
    parts.push(
      text(String(Number(tick.toPrecision(6))), { x, y: area.bottom + 18, "text-anchor": "middle" }),
    );
  }
  const middle = (area.left + area.right - FIGURES) / 2;
  parts.push(text(xLabel, { x: middle, y: area.bottom + 40, "text-anchor": "middle" }));
  const row = (area.bottom - area.top) / Math.max(4, all.length);
  for (const [index, { label, look, value, error }] of all.entries()) {
    const y = area.top + index * row + row / 2;
    parts.push(text(label, { x: area.left, y: y - 7 }));
    if (!Number.isFinite(value)) continue;
    const [start, end, centre] = [at(0), at(value), y + THICKNESS / 2];
    const shape = { x: start, y, width: end - start, height: THICKNESS };
    parts.push(element("rect", { class: `${look.className} dot`, ...shape }));
    const hasError = error !== undefined && Number.isFinite(error);
    if (hasError) {
      const [low, high] = [at(value - error), at(value + error)];
      const whiskers = `M${low} ${centre}H${high}M${low} ${centre - 5}v10M${high} ${centre - 5}v10`;
      parts.push(element("path", { class: "error", d: whiskers }));
    }
    const figures = `${value.toFixed(3)}${hasError ? ` ± ${error.toFixed(3)}` : ""}`;
    parts.push(text(figures, { x: (hasError ? at(value + error) : end) + 8, y: centre + 4 }));
  }
  return element("g", {}, ...parts);
}
