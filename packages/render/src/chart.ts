// A chart of curves over steps, for pages: reports of trainings carry the text of `drawChart`, the playground imports it.

/** A curve: points in the order of x. */
export interface Curve {
  readonly name: string;
  /** Any colour of CSS; `light-dark()` serves both themes. */
  readonly colour: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** A thin line that the readout leaves out. */
  readonly faint?: boolean;
  /** Points alone, as triangles. */
  readonly marks?: boolean;
}

export interface ChartOptions {
  readonly title: string;
  /** Unit of y, or what y is. */
  readonly unit: string;
  /** Whether the axis begins at 0. Default: where the curves do. */
  readonly zero?: boolean;
  /** What x is. Default "step", whose faint curves are not read out. */
  readonly x?: string;
}

/** A chart as an element; look and size are those of `chartStyle`. */
export interface Chart {
  readonly element: HTMLElement;
  /**
   * Marks a place of each curve and reads it out, until another is marked.
   *
   * @param xs - one for each of the curves, undefined for none
   */
  mark(xs: readonly (number | undefined)[]): void;
}

/**
 * Draws curves into a figure with a caption, as SVG. Uses nothing from outside itself but the browser, for pages that carry
 * its text.
 *
 * @returns undefined where there is no point to draw
 */
export function drawChart(all: readonly Curve[], options: ChartOptions): Chart | undefined {
  const [width, height, left, bottom, top] = [460, 210, 46, 22, 10];
  const svgSpace = "http://www.w3.org/2000/svg";
  const curves = all.filter(({ points }) => points.length > 0);
  if (curves.length === 0) return undefined;
  const lines = curves.filter(({ marks }) => !marks);

  const xs = curves.flatMap(({ points }) => points.map(([x]) => x));
  const ys = curves
    .flatMap(({ points }) => points.map(([, y]) => y))
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  const highest = ys[ys.length - 1];
  const [x0, x1] = [Math.min(...xs), Math.max(...xs)];
  const y0 = options.zero ? Math.min(0, ys[0]) : ys[0];
  const ticks = niceTicks(y0, highest);
  const [low, high] = [Math.min(y0, ticks[0]), Math.max(highest, ticks[ticks.length - 1])];
  const px = (x: number) => left + ((x - x0) / (x1 - x0 || 1)) * (width - left - 6);
  const py = (y: number) => top + (1 - (y - low) / (high - low || 1)) * (height - top - bottom);

  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  const readout = document.createElement("span");
  readout.textContent = options.unit;
  caption.append(options.title, readout);
  const svg = shape("svg", {
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-label": `${options.title}: ${curves.map(inWords).join("; ")}`,
  });
  for (const tick of ticks) {
    svg.append(shape("line", { class: "grid", x1: left, x2: width, y1: py(tick), y2: py(tick) }));
    svg.append(label(short(tick), left - 8, py(tick) + 4, "end"));
  }
  for (const tick of niceTicks(x0, x1).filter((each) => each >= x0 && each <= x1)) {
    svg.append(label(short(tick), px(tick), height - 6, "middle"));
  }
  for (const { points, colour } of curves.filter(({ marks }) => marks)) {
    for (const [x, y] of points) {
      const mark = shape("path", {
        d: `M${px(x).toFixed(1)} ${(py(y) - 3).toFixed(1)}l5 9h-10z`,
        fill: colour,
      });
      const title = shape("title", {});
      title.textContent = `spike at step ${x}: ${short(y)}`;
      mark.append(title);
      svg.append(mark);
    }
  }
  for (const { points, colour, faint } of lines) {
    const path = points.map(
      ([x, y], index) => `${index === 0 ? "M" : "L"}${px(x).toFixed(1)} ${py(y).toFixed(1)}`,
    );
    const stroke = {
      fill: "none",
      stroke: colour,
      "stroke-width": faint ? 1 : 2,
      "stroke-opacity": faint ? 0.35 : 1,
    };
    svg.append(shape("path", { ...stroke, d: path.join(""), "stroke-linejoin": "round" }));
    if (points.length === 1)
      svg.append(shape("circle", { cx: px(points[0][0]), cy: py(points[0][1]), r: 3, fill: colour }));
  }

  const cursors = shape("g", {});
  svg.append(cursors);
  let marked: readonly Place[] = [];
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const x =
      x0 + (((event.clientX - box.left) / box.width) * width - left) / ((width - left - 6) / (x1 - x0 || 1));
    show(
      lines
        .filter(({ faint }) => !faint || options.x !== undefined)
        .map((curve) => ({ curve, point: nearest(curve.points, x) })),
      true,
    );
  });
  svg.addEventListener("pointerleave", () => show(marked));
  figure.append(caption, svg);
  return {
    element: figure,
    mark: (places) => {
      marked = all.flatMap((curve, index): Place[] => {
        const x = places[index];
        if (x === undefined || curve.points.length === 0) return [];
        return [{ curve, point: nearest(curve.points, x) }];
      });
      show(marked);
    },
  };

  /** A point of a curve that is looked at. */
  interface Place {
    readonly curve: Curve;
    readonly point: readonly [x: number, y: number];
  }

  /** @param together - whether the places count as one, that of the first curve */
  function show(places: readonly Place[], together = false): void {
    cursors.replaceChildren();
    readout.className = "";
    const steps = [...new Set(places.map(({ point }) => point[0]))];
    const isOne = together || steps.length === 1;
    for (const x of isOne ? steps.slice(0, 1) : steps) {
      cursors.append(shape("line", { class: "cursor", x1: px(x), x2: px(x), y1: top, y2: height - bottom }));
    }
    for (const { curve, point } of together ? [] : places) {
      cursors.append(shape("circle", { cx: px(point[0]), cy: py(point[1]), r: 3, fill: curve.colour }));
    }
    if (places.length === 0) {
      readout.textContent = options.unit;
      return;
    }
    const name = options.x ?? "step";
    const start = isOne ? `${name} ${short(steps[0])}: ` : "";
    if (together || places.length === 1) {
      const values = places
        .slice(-3)
        .map(({ curve, point }) => `${places.length > 1 ? `${curve.name} ` : ""}${short(point[1])}`);
      readout.textContent = `${start}${values.join(", ")}`;
      return;
    }
    readout.className = "marked";
    readout.replaceChildren(start);
    for (const { curve, point } of places) {
      const sign = document.createElement("b");
      sign.style.color = curve.colour;
      sign.textContent = "● ";
      const place = isOne ? "" : `, ${name} ${short(point[0])}:`;
      readout.append(sign, `${curve.name}${place} ${short(point[1])}  `);
    }
  }

  function inWords({ name, points }: Curve): string {
    return `${name} from ${short(points[0][1])} to ${short(points[points.length - 1][1])}`;
  }

  function nearest(points: Curve["points"], x: number): readonly [number, number] {
    return points.reduce((best, point) => (Math.abs(point[0] - x) < Math.abs(best[0] - x) ? point : best));
  }

  /** About five round numbers that cover a range. */
  function niceTicks(from: number, to: number): number[] {
    const rough = (to - from || Math.abs(to) || 1) / 5;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= 0.8 * rough) ?? 10);
    const first = Math.ceil(from / step - 1e-9);
    return Array.from({ length: Math.floor(to / step + 1e-9) - first + 1 }, (_, index) =>
      Number(((first + index) * step).toPrecision(12)),
    );
  }

  function short(value: number): string {
    const size = Math.abs(value);
    if (size >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
    if (size >= 1e4) return `${Number((value / 1e3).toPrecision(3))}k`;
    if (size !== 0 && size < 1e-3) return value.toExponential(1);
    return String(Number(value.toPrecision(4)));
  }

  function shape(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
    const made = document.createElementNS(svgSpace, name) as SVGElement;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
    return made;
  }

  function label(text: string, x: number, y: number, anchor: string): SVGElement {
    const made = shape("text", { x, y, "text-anchor": anchor });
    made.textContent = text;
    return made;
  }
}

/** Rules for charts in an element of the class `charts`; `--ink`, `--soft`, `--paper` and `--line` are colours of the page. */
export const chartStyle = `
  .charts { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
  .charts figure { margin: 0; background: var(--paper); border: 1px solid var(--line); border-radius: 12px; padding: 1rem 1.1rem .7rem; }
  .charts figcaption { font-weight: 600; font-size: .92rem; }
  .charts figcaption span { display: block; height: 1.5em; color: var(--soft); font-weight: 400; font-variant-numeric: tabular-nums;
    white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
  .charts .marked { height: auto; white-space: normal; }
  .charts svg { display: block; width: 100%; height: auto; overflow: visible; touch-action: none; }
  .charts text { fill: var(--soft); font-size: 11px; font-variant-numeric: tabular-nums; }
  @media (max-width: 40rem) { .charts text { font-size: 15px; } }
  .charts .grid { stroke: var(--line); }
  .charts .cursor { stroke: var(--soft); stroke-dasharray: 3 3; }
`;
