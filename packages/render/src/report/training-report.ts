import { DiffusionError } from "@textdiffusion/core";
import { chartStyle, drawChart } from "../chart.js";
import { drawReport } from "./draw-report.js";
import type { ReportPoint, TrainingRunRecord } from "./run-record.js";

/**
 * Reads a `metrics.jsonl`. A last line that a kill cut short is left out.
 *
 * @param name - how the run is called, also in messages
 * @throws DiffusionError `DATA_INVALID` that names the line, or for a file without a step
 */
export function readMetrics(text: string, name: string): TrainingRunRecord {
  const lines = text.split("\n");
  const torn = lines.pop() ?? ""; // empty where the file ends in a line feed
  const points = lines.flatMap((line, index) => (line === "" ? [] : pointOf(line, `line ${index + 1}`)));
  if (isWhole(torn)) points.push(...pointOf(torn, `line ${lines.length + 1}`));
  if (points.length > 0) return { name, points };
  throw invalid(`expected steps of a training in ${name}, got none`);

  function pointOf(line: string, place: string): ReportPoint[] {
    let event: Record<string, unknown> | null;
    try {
      event = JSON.parse(line);
    } catch {
      throw invalid(`expected JSON at ${place} of ${name}, got ${JSON.stringify(line.slice(0, 60))}`);
    }
    if (typeof event !== "object" || event === null) {
      throw invalid(`expected an event at ${place} of ${name}, got ${line.slice(0, 60)}`);
    }
    if (event.kind === "spike") {
      event = { step: event.step, spikeLossNats: event.lossNats, spikeGradientNorm: event.gradientNorm };
    } else if (event.kind !== "step" && event.kind !== "validation") return [];
    const numbers = Object.fromEntries(
      numberFields.flatMap((field) => (typeof event[field] === "number" ? [[field, event[field]]] : [])),
    );
    if (typeof numbers.step !== "number") throw invalid(`expected a step at ${place} of ${name}, got none`);
    const rates = Array.isArray(event.byMaskRate) ? (event.byMaskRate as MaskRate[]) : undefined;
    const byMaskRate = rates?.map(({ from, to, crossEntropy }) => [(from + to) / 2, crossEntropy] as const);
    return [{ ...(numbers as { step: number }), ...(byMaskRate && { byMaskRate }) }];
  }
}

/**
 * A page with the curves of trainings, complete in itself: it loads nothing. Several runs are drawn over each other.
 *
 * @throws DiffusionError `CONFIG_INVALID` without a run
 */
export function trainingReport(runs: readonly TrainingRunRecord[]): string {
  if (runs.length === 0) {
    throw new DiffusionError({
      code: "CONFIG_INVALID",
      component: "render/report",
      problem: "expected at least one run, got none",
      remedy: "Name the folder of a training",
    });
  }
  const title = runs.map(({ name }) => name).join(", ");
  const escaped = title.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="generator" content="textdiffusion">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped}</title>
<style>${style}</style>
<main></main>
<script type="application/json">${JSON.stringify(runs.map(thinned)).replaceAll("<", "\\u003c")}</script>
<script type="module">
(${drawReport})(document.querySelector("main"), JSON.parse(document.querySelector("script").textContent), ${drawChart});
</script>
</html>
`;
}

// --- internal ---

interface MaskRate {
  readonly from: number;
  readonly to: number;
  readonly crossEntropy: number;
}

const numberFields = [
  "step",
  "lossNats",
  "learningRate",
  "gradientNorm",
  "tokensPerSecond",
  "residentMb",
  "spikeLossNats",
  "spikeGradientNorm",
  "boundNats",
  "accuracy",
] as const;

/** More points than pixels make a page slow, not fine. */
const MOST_POINTS = 1500;

function isWhole(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

function thinned({ name, points }: TrainingRunRecord): TrainingRunRecord {
  const isStep = (point: ReportPoint) => point.boundNats === undefined && point.spikeLossNats === undefined;
  const steps = points.filter(isStep).length;
  const every = Math.ceil(steps / MOST_POINTS);
  let seen = 0;
  const kept = points.filter((point) => !isStep(point) || seen++ % every === 0);
  const round = (_: string, value: unknown) =>
    typeof value === "number" ? Number(value.toPrecision(6)) : value;
  return JSON.parse(JSON.stringify({ name, points: kept }, round));
}

const style = `
  :root { color-scheme: light dark; --ink: light-dark(#1d2026, #e6e7ea); --soft: light-dark(#667085, #9aa0ac);
    --paper: light-dark(#fff, #16181d); --line: light-dark(#e3e6ec, #2a2e36); background: light-dark(#f4f5f8, #0e1014); }
  body { margin: 0; color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
  main { max-width: 76rem; margin: 0 auto; padding: clamp(1rem, 3vw, 2.5rem); }
  h1 { font-size: 1.35rem; margin: 0 0 .25rem; }
  .summary { color: var(--soft); margin: 0 0 1.25rem; font-variant-numeric: tabular-nums; }
  .summary b { color: var(--ink); }
${chartStyle}  .legend { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; margin: 0 0 1rem; padding: 0; list-style: none; color: var(--soft); }
  .legend i { display: inline-block; width: .8rem; height: .8rem; border-radius: 3px; margin-inline-end: .4rem; vertical-align: -1px; }
`;

function invalid(problem: string): DiffusionError {
  return new DiffusionError({
    code: "DATA_INVALID",
    component: "render/report",
    problem,
    remedy: "Name the folder of a training, or its metrics.jsonl",
  });
}
