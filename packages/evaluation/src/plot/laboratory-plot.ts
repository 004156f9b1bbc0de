import type { LaboratoryRecord, LaboratoryReport } from "../laboratory/records.js";
import { type Look, lookOf } from "./markers.js";
import { PANEL, panel, type Series } from "./panel.js";
import { element, text } from "./svg.js";
import { LEGEND_ROW, LETTER, legendLine, svgPage } from "./svg-page.js";

/**
 * The report as a picture: the cost of samples to the judge and their unigram entropy against forwards, and the two
 * against each other, since neither says anything alone. One line a label, in the order of forwards.
 *
 * @returns an SVG document without scripts or outside fonts, for light and dark pages
 */
export function laboratoryPlot(report: LaboratoryReport): string {
  const labels = [...new Set(report.records.map(({ label }) => label))];
  const lines = labels.map((label, index) => ({
    label,
    look: lookOf(index),
    records: report.records
      .filter((record) => record.label === label)
      .sort((a, b) => a.forwards - b.forwards),
  }));
  const seriesOf = (
    x: (record: LaboratoryRecord) => number,
    y: (record: LaboratoryRecord) => number,
  ): Series[] =>
    lines.map(({ look, records }) => ({
      look,
      points: records.map((record) => ({ x: x(record), y: y(record) })),
    }));
  const bits = ({ generative }: Pick<LaboratoryRecord, "generative">) => generative.bitsPerByte;
  const entropy = ({ unigramEntropy }: Pick<LaboratoryRecord, "unigramEntropy">) => unigramEntropy;
  const forwards = (record: LaboratoryRecord) => record.forwards;
  const { reference } = report;
  const judged = `bits a byte (${report.scorer})`;
  const panels = [
    panel({
      title: "How likely the samples are (lower is likelier)",
      xLabel: "forwards a sample (log scale)",
      yLabel: judged,
      logX: true,
      series: seriesOf(forwards, bits),
      reference: reference && { y: bits(reference) },
    }),
    panel({
      title: "How varied each sample is",
      xLabel: "forwards a sample (log scale)",
      yLabel: "unigram entropy, nats",
      logX: true,
      series: seriesOf(forwards, entropy),
      reference: reference && { y: entropy(reference) },
    }),
    panel({
      title: "Both: the cross is the mark",
      xLabel: "unigram entropy, nats",
      yLabel: judged,
      series: seriesOf(entropy, bits),
      reference: reference && { x: entropy(reference), y: bits(reference) },
    }),
  ];
  const legendHeight = 64 + LEGEND_ROW * (lines.length + (reference ? 1 : 0));
  const height = PANEL.height + Math.max(PANEL.height, legendHeight);
  const longest = Math.max(...labels.map(({ length }) => length), subtitleOf(report).length);
  const width = Math.max(2 * PANEL.width, PANEL.width + 62 + 38 + Math.ceil(longest * LETTER));
  const places = [
    [0, 0],
    [PANEL.width, 0],
    [0, PANEL.height],
  ];
  return svgPage(
    { width, height, label: "Quality of samplers against forwards" },
    ...panels.map((drawn, index) =>
      element("g", { transform: `translate(${places[index].join(" ")})` }, drawn),
    ),
    element("g", { transform: `translate(${PANEL.width + 62} ${PANEL.height})` }, legend(lines, report)),
  );
}

// --- internal ---

function subtitleOf({ samples, length, prompt, seed }: LaboratoryReport): string {
  const begun = prompt === "" ? "" : ` after ${JSON.stringify(prompt)}`;
  return `${samples} samples of ${length} tokens each${begun}, seed ${seed}`;
}

function legend(
  lines: readonly { readonly label: string; readonly look: Look }[],
  report: LaboratoryReport,
): string {
  const { model, reference } = report;
  const parts = [text(model, { class: "title", x: 0, y: 22 }), text(subtitleOf(report), { x: 0, y: 42 })];
  let y = 66;
  for (const { label, look } of lines) {
    parts.push(legendLine(label, { look, y }));
    y += LEGEND_ROW;
  }
  if (reference) {
    parts.push(element("line", { class: "reference", x1: 0, x2: 28, y1: y, y2: y }));
    parts.push(element("path", { class: "reference cross", d: `M8 ${y - 6}l12 12m0 -12l-12 12` }));
    parts.push(text("natural text, pieces of the same length", { x: 38, y: y + 4 }));
  }
  return element("g", {}, ...parts);
}
