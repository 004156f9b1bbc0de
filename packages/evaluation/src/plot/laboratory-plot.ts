import type { LaboratoryRecord, LaboratoryReport } from "../laboratory/records.js";
import { colours, type Look, lookOf, marker } from "./markers.js";
import { PANEL, panel, type Series } from "./panel.js";
import { element, text } from "./svg.js";

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
  const legendHeight = 64 + ROW * (lines.length + (reference ? 1 : 0));
  const height = PANEL.height + Math.max(PANEL.height, legendHeight);
  const longest = Math.max(...labels.map(({ length }) => length), subtitleOf(report).length);
  const width = Math.max(2 * PANEL.width, PANEL.width + 62 + 38 + Math.ceil(longest * LETTER));
  const places = [
    [0, 0],
    [PANEL.width, 0],
    [0, PANEL.height],
  ];
  return `${element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "img",
      "aria-label": "Quality of samplers against forwards",
    },
    `<style>${style}</style>`,
    element("rect", { class: "page", width, height }),
    ...panels.map((drawn, index) =>
      element("g", { transform: `translate(${places[index].join(" ")})` }, drawn),
    ),
    element("g", { transform: `translate(${PANEL.width + 62} ${PANEL.height})` }, legend(lines, report)),
  )}\n`;
}

// --- internal ---

/** Height of a line of the legend in pixels. */
const ROW = 20;
/** Width that a letter of it takes at most, on average. */
const LETTER = 7;

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
    parts.push(
      element("line", {
        class: `${look.className} line`,
        "stroke-dasharray": look.dashes,
        x1: 0,
        x2: 28,
        y1: y,
        y2: y,
      }),
    );
    parts.push(marker(look, 14, y), text(label, { x: 38, y: y + 4 }));
    y += ROW;
  }
  if (reference) {
    parts.push(element("line", { class: "reference", x1: 0, x2: 28, y1: y, y2: y }));
    parts.push(element("path", { class: "reference cross", d: `M8 ${y - 6}l12 12m0 -12l-12 12` }));
    parts.push(text("natural text, pieces of the same length", { x: 38, y: y + 4 }));
  }
  return element("g", {}, ...parts);
}

/** Programs that know no media queries show the light page. */
const style = [
  "text{font:12px system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif;fill:#424a53}",
  ".title{font-size:13px;font-weight:600;fill:#1f2328}",
  ".page{fill:#ffffff}",
  ".grid{stroke:#d0d7de;stroke-width:1}",
  ".reference{stroke:#57606a;stroke-width:1.5;stroke-dasharray:7 4;fill:none}",
  ".cross{stroke-width:2.5;stroke-dasharray:none}",
  ...colours.map((colour, index) => `.c${index}{stroke:${colour};fill:${colour}}`),
  ".line{fill:none;stroke-width:1.8}", // after the colours, which fill
  ".dot{stroke:none}",
  "@media (prefers-color-scheme:dark){text{fill:#b1bac4}.title{fill:#e6edf3}.page{fill:#0d1117}.grid{stroke:#2d333b}.reference{stroke:#9da7b3}}",
].join("");
