import type { Curve, drawChart } from "../chart.js";
import type { ReportPoint, TrainingRunRecord } from "./run-record.js";

/**
 * Draws the curves of trainings into an element. Pages made by `trainingReport` carry the text of this function, so it
 * uses nothing from outside itself but the browser and what it is given.
 */
export function drawReport(
  main: HTMLElement,
  runs: readonly TrainingRunRecord[],
  draw: typeof drawChart,
): void {
  const colours = [
    "light-dark(#3457d5, #8ea6ff)",
    "light-dark(#d5484a, #ff8a8c)",
    "light-dark(#1f9d6b, #4fd3a0)",
    "light-dark(#b56a00, #e8a33d)",
    "light-dark(#8a3ffc, #bb8dff)",
    "light-dark(#0b8a9c, #45c6d8)",
  ];

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
    curves: readonly Curve[],
    options: { zero?: boolean; x?: string },
  ): void {
    const chart = draw(curves, { title, unit, ...options });
    if (chart) charts.append(chart.element);
  }

  function element(name: string, className: string, text: string): HTMLElement {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.textContent = text;
    return made;
  }
}
