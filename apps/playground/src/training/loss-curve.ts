/** A point of a curve: bits a byte after so many steps. */
export interface LossPoint {
  readonly step: number;
  readonly bits: number;
}

export interface Losses {
  /** Of each step. */
  readonly learnt: readonly LossPoint[];
  /** Of each validation. */
  readonly heldOut: readonly LossPoint[];
}

/** Draws what was lost until now, as large as the picture is on the page. Cheap whatever the number of steps. */
export function drawLosses(picture: SVGSVGElement, { learnt, heldOut }: Losses, steps: number): void {
  const [width, height] = [picture.clientWidth, picture.clientHeight];
  const curve = meansOf(learnt, mostPoints);
  const top = Math.max(8, ...[...curve, ...heldOut].map(({ bits }) => Math.ceil(bits)));
  const x = (step: number) => edge.left + (step / steps) * (width - edge.left - edge.right);
  const y = (bits: number) => edge.top + (1 - bits / top) * (height - edge.top - edge.bottom);
  const line = (points: readonly LossPoint[]) =>
    points.map(({ step, bits }) => `${x(step).toFixed(1)},${y(bits).toFixed(1)}`).join(" ");

  const every = niceStep(top);
  const levels = Array.from({ length: Math.floor(top / every) + 1 }, (_, index) => index * every);
  picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
  picture.setAttribute("aria-label", inWords(curve, heldOut));
  picture.replaceChildren(
    ...levels.flatMap((bits) => [
      make("line", { class: "grid", x1: edge.left, x2: width - edge.right, y1: y(bits), y2: y(bits) }),
      make("text", { x: edge.left - 6, y: y(bits) + 4, "text-anchor": "end" }, String(bits)),
    ]),
    make("text", { x: edge.left, y: edge.top - 10 }, "bits a byte"),
    make("text", { x: edge.left, y: height - 8 }, "0"),
    make("text", { x: width - edge.right, y: height - 8, "text-anchor": "end" }, `${steps} steps`),
    make("polyline", { class: "learnt", points: line(curve) }),
    make("polyline", { class: "held-out", points: line(heldOut) }),
    ...heldOut.map(({ step, bits }) => make("circle", { cx: x(step), cy: y(bits), r: 3 })),
  );
}

// --- internal ---

const mostPoints = 120;

const edge = { left: 36, right: 14, top: 30, bottom: 28 };

/** Points as at most `most` means of neighbours. The loss of one step says little: its noise is drawn anew. */
function meansOf(points: readonly LossPoint[], most: number): LossPoint[] {
  const size = Math.ceil(points.length / most);
  return Array.from({ length: Math.ceil(points.length / size) || 0 }, (_, index) => {
    const part = points.slice(index * size, (index + 1) * size);
    const bits = part.reduce((sum, point) => sum + point.bits, 0) / part.length;
    return { step: (part[0].step + part[part.length - 1].step) / 2, bits };
  });
}

/** Five lines or fewer, at whole bits. */
function niceStep(top: number): number {
  return 2 ** Math.max(0, Math.ceil(Math.log2(top / 5)));
}

function inWords(learnt: readonly LossPoint[], heldOut: readonly LossPoint[]): string {
  const course = (name: string, points: readonly LossPoint[]) =>
    points.length === 0
      ? []
      : [`${name} from ${points[0].bits.toFixed(2)} to ${(points.at(-1) as LossPoint).bits.toFixed(2)}`];
  return ["Loss in bits a byte", ...course("learnt", learnt), ...course("held out", heldOut)].join(", ");
}

function make(name: string, attributes: Readonly<Record<string, string | number>>, text = ""): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.textContent = text;
  return element;
}
