import type { ValidationScores } from "@textdiffusion/core";
import type { TextLikelihood } from "../likelihood/text-likelihood.js";
import type { Baseline } from "../scorers/baselines.js";
import { bars } from "./bars.js";
import { type Look, lookOf } from "./markers.js";
import { PANEL, panel, type Series } from "./panel.js";
import { element, text } from "./svg.js";
import { LEGEND_ROW, LETTER, legendLine, svgPage } from "./svg-page.js";

export interface PlottedModel {
  readonly name: string;
  readonly likelihood: Pick<
    TextLikelihood,
    "bitsPerByte" | "bitsPerByteStandardError" | "tokensOfText" | "bytes"
  >;
  readonly lossCurve: ValidationScores;
}

export interface EvaluationPlotOptions {
  readonly title: string;
  /** Lines under it. Default none. */
  readonly notes?: readonly string[];
  /** The first is the one that it is about. */
  readonly models: readonly PlottedModel[];
  readonly baselines?: readonly Baseline[];
  /** Whether all models guess the same tokens, so that shares of them can be compared. Default true. */
  readonly sameTokens?: boolean;
}

/**
 * An evaluation as a picture: loss by mask rate, the bounds beside the baselines, and the share of masked tokens that is guessed. Losses
 * are in bits a byte, as bounds are, whatever the tokenizer: the mean height of a curve is its model's bar.
 *
 * @returns an SVG document without scripts or outside fonts, for light and dark pages
 */
export function evaluationPlot({
  title,
  notes = [],
  models,
  baselines = [],
  sameTokens = true,
}: EvaluationPlotOptions): string {
  const plotted = models.map((model, index) => ({ ...model, look: lookOf(index) }));
  const marks = baselines.map((baseline, index) => ({ ...baseline, look: dashed(models.length + index) }));
  const guessing = sameTokens ? plotted : plotted.slice(0, 1);
  const panels = [
    panel({
      title: "Loss by mask rate; its mean is the bound",
      xLabel: "share of the tokens that is masked",
      yLabel: "bits a byte",
      series: [
        ...plotted.map(lossSeries),
        ...marks.map(
          ({ look, bitsPerByte: y }): Series => ({
            look,
            marked: false,
            points: [0, 1].map((x) => ({ x, y })),
          }),
        ),
      ],
    }),
    bars({
      title: "What a byte costs, with one standard error",
      xLabel: "bits a byte (less is better)",
      bars: [
        ...plotted.map(({ name, look, likelihood }) => ({
          label: `${shortened(name)}, at most`,
          look,
          value: likelihood.bitsPerByte,
          error: likelihood.bitsPerByteStandardError,
        })),
        ...marks.map(({ name, look, bitsPerByte: value }) => ({ label: name, look, value })),
      ],
    }),
    panel({
      title: sameTokens ? "Masked tokens guessed" : `Masked tokens guessed by ${shortened(models[0].name)}`,
      xLabel: "share of the tokens that is masked",
      yLabel: "% of them whose likeliest token is right",
      series: guessing.map(({ look, lossCurve }) => ({
        look,
        points: lossCurve.byMaskRate.map(({ from, to, accuracy }) => ({
          x: (from + to) / 2,
          y: 100 * accuracy,
        })),
      })),
    }),
  ];
  const places = ["0 0", `${PANEL.width} 0`, `0 ${PANEL.height}`];
  const lines = [title, ...notes, ...models.map(({ name }) => name)];
  const longest = Math.max(...lines.map(({ length }) => length));
  const width = Math.max(2 * PANEL.width, PANEL.width + 30 + 38 + Math.ceil(longest * LETTER));
  return svgPage(
    { width, height: 2 * PANEL.height, label: `${title}: loss by mask rate, bound and accuracy` },
    ...panels.map((drawn, index) => element("g", { transform: `translate(${places[index]})` }, drawn)),
    element("g", { transform: `translate(${PANEL.width + 30} ${PANEL.height})` }, ...legend()),
  );

  function legend(): string[] {
    const first = 22 + LEGEND_ROW * notes.length + 26;
    return [
      text(title, { class: "title", x: 0, y: 22 }),
      ...notes.map((note, index) => text(note, { x: 0, y: 22 + LEGEND_ROW * (index + 1) })),
      ...[...plotted, ...marks].map(({ name, look }, index) =>
        legendLine(name, { look, y: first + LEGEND_ROW * index, marked: index < plotted.length }),
      ),
    ];
  }
}

// --- internal ---

function lossSeries({ look, likelihood, lossCurve }: PlottedModel & { readonly look: Look }): Series {
  const bits = likelihood.tokensOfText / likelihood.bytes / Math.LN2; // of a nat a token, a byte
  return {
    look,
    points: lossCurve.byMaskRate.map(({ from, to, crossEntropy }) => ({
      x: (from + to) / 2,
      y: bits * crossEntropy,
    })),
  };
}

function dashed(index: number): Look {
  return { ...lookOf(index), dashes: "5 3" };
}

/** What a panel has room for: the end of a path says most. */
function shortened(name: string): string {
  return name.length <= 40 ? name : `…${name.slice(-39)}`;
}
