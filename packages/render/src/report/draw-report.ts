import type { ReportPoint, TrainingRunRecord } from "./run-record.js";

/**
 * Draws the curves of trainings into an element. Pages made by `trainingReport` carry the text of this function, so it
 * uses nothing from outside itself but the browser.
 */
export function drawReport(main: HTMLElement, runs: readonly TrainingRunRecord[]): void {
  const colours = ["#3457d5", "#d5484a", "#1f9d6b", "#b56a00", "#8a3ffc", "#0b8a9c"];
  const [width, height, left, bottom, top] = [460, 210, 46, 22, 10];
  const svgSpace = "http://www.w3.org/2000/svg";

  /** A curve: points in the order of x. */
  interface Curve {
    readonly name: string;
    readonly colour: string;
    readonly points: readonly (readonly [x: number, y: number])[];
    readonly faint?: boolean;
    /** Points alone, as triangles. */
    readonly marks?: boolean;
  }

  const colourOf = (run: number) => colours[run % colours.length];
  const of = (field: keyof ReportPoint, label = "") =>
    runs.map(
      ({ name, points }, run): Curve => ({
        name: label || name,
        colour: colourOf(run),
        points: points.flatMap((point) =>
          typeof point[field] === "number" ? [[point.step, point[field]]] : [],
        ),
      }),
    );

  main.append(element("h1", "", "Training"), summary(), ...(runs.length > 1 ? [legend()] : []));
  const charts = element("div", "charts", "");
  main.append(charts);

  const losses = of("lossNats").map((curve) => ({ ...curve, name: `${prefix(curve)}loss`, faint: true }));
  const means = losses.map((curve) => ({
    ...curve,
    name: `${prefix(curve)}mean loss`,
    points: smooth(curve.points),
    faint: false,
  }));
  const bounds = of("boundNats").map((curve) => ({
    ...curve,
    name: `${prefix(curve)}validation bound`,
    colour: runs.length > 1 ? curve.colour : colours[1],
  }));
  add(
    "Loss and validation bound",
    "nats a token",
    [...losses, ...means, ...bounds, ...spikes("spikeLossNats")],
    {},
  );
  addMaskRates();
  add("Learning rate", "", of("learningRate"), { zero: true });
  add("Gradient norm, before clipping", "", [...of("gradientNorm"), ...spikes("spikeGradientNorm")], {
    zero: true,
  });
  add("Speed", "tokens a second", of("tokensPerSecond"), { zero: true });
  add("Memory of the process", "MB", of("residentMb"), { zero: true });
  add("Masked tokens guessed", "share", of("accuracy"), { zero: true });

  /** Names of curves stand alone where there is one run. */
  function prefix({ name }: Curve): string {
    return runs.length > 1 ? `${name}: ` : "";
  }

  function spikes(field: keyof ReportPoint): Curve[] {
    return of(field).map((curve) => ({
      ...curve,
      name: `${prefix(curve)}spike`,
      colour: colours[3],
      marks: true,
    }));
  }

  /** A mean that forgets, without a bias to 0. */
  function smooth(points: Curve["points"]): Curve["points"] {
    const keep = Math.min(0.97, 1 - 8 / (points.length + 8));
    let [sum, weight] = [0, 0];
    return points.map(([x, y]) => {
      sum = keep * sum + (1 - keep) * y;
      weight = keep * weight + (1 - keep);
      return [x, sum / weight] as const;
    });
  }

  function summary(): HTMLElement {
    const line = element("p", "summary", "");
    runs.forEach(({ name, points }, run) => {
      const last = points[points.length - 1];
      const validations = points.filter((point) => point.boundNats !== undefined);
      const best = validations.reduce<ReportPoint | undefined>(
        (a, b) => (a?.boundNats !== undefined && a.boundNats <= (b.boundNats as number) ? a : b),
        undefined,
      );
      if (run > 0) line.append(document.createElement("br"));
      line.append(element("b", "", name), `  ${last.step} steps`);
      if (best?.boundNats !== undefined) {
        line.append(
          ", best bound ",
          element("b", "", best.boundNats.toFixed(3)),
          ` nats a token after step ${best.step}`,
        );
      }
    });
    return line;
  }

  function legend(): HTMLElement {
    const list = element("ul", "legend", "");
    runs.forEach(({ name }, run) => {
      const item = element("li", "", "");
      const square = document.createElement("i");
      square.style.background = colourOf(run);
      item.append(square, name);
      list.append(item);
    });
    return list;
  }

  /** The last validations by mask rate, the first as faint lines: what training has changed. */
  function addMaskRates(): void {
    const curves = runs.flatMap(({ name, points }, run): Curve[] => {
      const validations = points.filter((point) => point.byMaskRate !== undefined);
      const chosen = [
        0,
        Math.floor(validations.length / 4),
        Math.floor(validations.length / 2),
        validations.length - 1,
      ];
      return [...new Set(chosen)].flatMap((index) => {
        const validation = validations[index];
        if (!validation?.byMaskRate) return [];
        return [
          {
            name: `${runs.length > 1 ? `${name}: ` : ""}step ${validation.step}`,
            colour: colourOf(run),
            faint: index < validations.length - 1,
            points: validation.byMaskRate,
          },
        ];
      });
    });
    add("Cross entropy by mask rate", "nats", curves, { x: "mask rate" });
  }

  function add(
    title: string,
    unit: string,
    all: readonly Curve[],
    options: { zero?: boolean; x?: string },
  ): void {
    const curves = all.filter(({ points }) => points.length > 0);
    if (curves.length === 0) return;
    const xs = curves.flatMap(({ points }) => points.map(([x]) => x));
    // The first step of a loss is far above all others: the axis is for the rest.
    const ys = curves
      .flatMap(({ points }) => points.map(([, y]) => y))
      .filter(Number.isFinite)
      .sort((a, b) => a - b);
    const highest = ys[ys.length - 1];
    const [x0, x1] = [Math.min(...xs), Math.max(...xs)];
    const y0 = options.zero ? 0 : ys[0];
    const ticks = niceTicks(y0, highest);
    const [low, high] = [Math.min(y0, ticks[0]), Math.max(highest, ticks[ticks.length - 1])];
    const px = (x: number) => left + ((x - x0) / (x1 - x0 || 1)) * (width - left - 6);
    const py = (y: number) => top + (1 - (y - low) / (high - low || 1)) * (height - top - bottom);

    const figure = element("figure", "", "");
    const caption = element("figcaption", "", title);
    const readout = element("span", "", unit);
    caption.append(readout);
    const svg = shape("svg", {
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "aria-label": `${title}: ${curves.map(inWords).join("; ")}`,
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
    for (const { points, colour, faint } of curves.filter(({ marks }) => !marks)) {
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
    const cursor = shape("line", { class: "cursor", y1: top, y2: height - bottom, visibility: "hidden" });
    svg.append(cursor);
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      const x =
        x0 +
        (((event.clientX - box.left) / box.width) * width - left) / ((width - left - 6) / (x1 - x0 || 1));
      const seen = curves
        .filter(({ faint, marks }) => !marks && (!faint || options.x !== undefined))
        .map((curve) => ({ curve, point: nearest(curve.points, x) }));
      const at = seen[0]?.point[0] ?? x0;
      for (const name of ["x1", "x2"]) cursor.setAttribute(name, String(px(at)));
      cursor.setAttribute("visibility", "visible");
      const values = seen
        .slice(-3)
        .map(({ curve, point }) => `${seen.length > 1 ? `${curve.name} ` : ""}${short(point[1])}`);
      readout.textContent = `${options.x ?? "step"} ${short(at)}: ${values.join(", ")}`;
    });
    svg.addEventListener("pointerleave", () => {
      cursor.setAttribute("visibility", "hidden");
      readout.textContent = unit;
    });
    figure.append(caption, svg);
    charts.append(figure);
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

  function element(name: string, className: string, text: string): HTMLElement {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.textContent = text;
    return made;
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
