import { type Look, marker } from "./markers.js";
import { linearScale, logScale } from "./scale.js";
import { element, text } from "./svg.js";

export interface Series {
  readonly look: Look;
  /** In the order in which they are joined. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
  /** Whether each point has a marker. Default true. */
  readonly marked?: boolean;
}

export interface PanelOptions {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
  /** Powers of two along x. */
  readonly logX?: boolean;
  /** A dashed line across, or a cross where it has an x. */
  readonly reference?: { readonly x?: number; readonly y: number };
}

/** Outer size of a panel in pixels. */
export const PANEL = { width: 440, height: 330 } as const;

const plot = { left: 62, right: 424, top: 40, bottom: 278 } as const;

/** Axes, grid, lines with markers. Points that are not numbers are left out. */
export function panel({ title, xLabel, yLabel, series, logX, reference }: PanelOptions): string {
  const clean = series.map(({ look, points, marked = true }) => ({
    look,
    marked,
    points: points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y)),
  }));
  const points = clean.flatMap((line) => line.points);
  if (points.length === 0) return text(`${title}: nothing to show`, { class: "title", x: plot.left, y: 22 });
  const xs = [...points.map(({ x }) => x), ...(reference?.x === undefined ? [] : [reference.x])];
  const ys = [...points.map(({ y }) => y), ...(reference === undefined ? [] : [reference.y])];
  const xScale = (logX ? logScale : linearScale)(xs, plot.left, plot.right);
  const yScale = linearScale(ys, plot.bottom, plot.top);
  const parts = [text(title, { class: "title", x: plot.left, y: 22 })];
  for (const tick of xScale.ticks) {
    const x = xScale.at(tick);
    parts.push(element("line", { class: "grid", x1: x, x2: x, y1: plot.top, y2: plot.bottom }));
    parts.push(text(tickLabel(tick), { x, y: plot.bottom + 18, "text-anchor": "middle" }));
  }
  for (const tick of yScale.ticks) {
    const y = yScale.at(tick);
    parts.push(element("line", { class: "grid", x1: plot.left, x2: plot.right, y1: y, y2: y }));
    parts.push(text(tickLabel(tick), { x: plot.left - 8, y: y + 4, "text-anchor": "end" }));
  }
  const middle = (plot.top + plot.bottom) / 2;
  parts.push(text(xLabel, { x: (plot.left + plot.right) / 2, y: plot.bottom + 40, "text-anchor": "middle" }));
  parts.push(text(yLabel, { transform: `translate(16 ${middle}) rotate(-90)`, "text-anchor": "middle" }));
  if (reference) {
    const y = yScale.at(reference.y);
    const x = reference.x === undefined ? undefined : xScale.at(reference.x);
    parts.push(
      x === undefined
        ? element("line", { class: "reference", x1: plot.left, x2: plot.right, y1: y, y2: y })
        : element("path", { class: "reference cross", d: `M${x - 6} ${y - 6}l12 12m0 -12l-12 12` }),
    );
  }
  for (const { look, points, marked } of clean) {
    const places = points.map(({ x, y }) => [xScale.at(x), yScale.at(y)]);
    if (places.length > 1) {
      const joined = places.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
      parts.push(
        element("polyline", {
          class: `${look.className} line`,
          "stroke-dasharray": look.dashes,
          points: joined,
        }),
      );
    }
    if (marked) parts.push(...places.map(([x, y]) => marker(look, x, y)));
  }
  return element("g", {}, ...parts);
}

// --- internal ---

/** Without the noise of binary fractions. */
function tickLabel(value: number): string {
  return String(Number(value.toPrecision(6)));
}
