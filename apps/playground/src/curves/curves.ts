import type { Recording } from "@textdiffusion/render";
import { type Chart, chartStyle, drawChart } from "@textdiffusion/render/chart";
import { curvesOf, type RunCurves } from "./curves-of.js";

/** The curves of the runs that are shown, with their places in them. */
export interface Curves {
  draw(recordings: readonly Recording[]): void;
  /** Marks the frames that are shown, one of each recording. */
  mark(frames: readonly number[]): void;
}

/** Fills a `<details>`; what is closed is drawn when it is opened. */
export function startCurves(details: HTMLDetailsElement): Curves {
  const sheet = new CSSStyleSheet(); // the page's policy allows no style element
  sheet.replaceSync(chartStyle);
  document.adoptedStyleSheets.push(sheet);
  const place = details.querySelector(".charts") as HTMLElement;
  let shown: readonly Recording[] = [];
  let frames: readonly number[] = [];
  let curves: RunCurves = { entropy: [], tokens: [] };
  let entropy: Chart | undefined;
  let tokens: Chart | undefined;

  const draw = () => {
    details.hidden = shown.length === 0;
    if (!details.open) return;
    curves = curvesOf(shown);
    entropy = drawChart(curves.entropy, {
      title: "Mean entropy of the masked positions",
      unit: "nats, before the step",
      zero: true,
    });
    tokens = drawChart(curves.tokens.flat(), { title: "Tokens", unit: "by step", zero: true });
    place.replaceChildren(...[entropy, tokens].flatMap((chart) => (chart ? [chart.element] : [])));
    mark();
  };
  const mark = () => {
    entropy?.mark(frames.map((frame) => (frame === 0 ? undefined : frame)));
    tokens?.mark(
      curves.tokens.flatMap(([, settled], run) => [frames[run], settled.faint ? undefined : frames[run]]),
    );
  };
  details.ontoggle = draw;
  return {
    draw(recordings) {
      shown = recordings;
      draw();
    },
    mark(now) {
      frames = now;
      mark();
    },
  };
}
