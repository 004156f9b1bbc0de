import { decimals, type ModelEvaluation, type SampleMetrics, textTable } from "textdiffusion";
import type { Paint } from "../terminal/paint.js";
import { describeProvenance } from "./describe-provenance.js";

export interface EvaluationSettings {
  readonly folder: string;
  /** As the models were named. */
  readonly model: string;
  readonly beside?: string;
  readonly data: string;
  readonly heldOut: number;
}

/** An evaluation for people: four tables, and what they rest on. */
export function describeEvaluation(
  evaluation: ModelEvaluation,
  settings: EvaluationSettings,
  paint: Paint,
): string {
  const { likelihood, baselines, samples, naturalText, provenance } = evaluation;
  const other = evaluation.beside;
  const { folder, beside } = settings;
  const lines = [
    paint("bold", `${folder} on ${evaluatedPart(settings)}`),
    `${likelihood.rows} of ${likelihood.rowsOfText} rows scored, ${likelihood.tokens} tokens; the text has ${likelihood.bytes} bytes`,
    ...[likelihood, ...(other ? [other.likelihood] : [])]
      .filter(({ unknown }) => unknown > 0)
      .map(({ unknown }, index) =>
        paint(
          "fair",
          `${unknown} tokens are unknown to the tokenizer${index === 0 ? "" : " of the model beside"} and cost nothing: the bound is too low.`,
        ),
      ),
    "",
    paint("bold", "Likelihood"),
    textTable(
      ["", "bits/byte", "±", "nats/token", "±", "perplexity"],
      [
        ["this model, at most", ...likelihoodCells(likelihood)],
        ...(other
          ? [
              [`${beside}, at most`, ...likelihoodCells(other.likelihood)],
              [
                other.difference.paired ? "difference, row by row" : "difference",
                ...differenceCells(other.difference),
              ],
            ]
          : []),
        ...baselines.map(({ name, bitsPerByte: bits }) => [name, decimals(bits, 3), "", "", "", ""]),
      ],
    ).trimEnd(),
    `± is one standard error over texts like this; that of the masks alone is ${decimals(likelihood.maskStandardError, 4)} nats/token.`,
    ...(other === undefined ? [] : [inWords(other.difference, beside)]),
    "",
    paint("bold", "Loss by mask rate, on fixed masks"),
    lossTable(evaluation, beside),
  ];
  if (samples !== undefined) {
    const { scorer, unit } = samples.generative;
    lines.push(
      "",
      paint("bold", `${samples.samples} samples of the sampler "${samples.label}"`),
      `judged by ${scorer}; ${decimals(samples.forwards, 1)} forwards a sample`,
      textTable(
        ["", `gen-ppl/${unit}`, "bits/byte", "entropy", "distinct-4", "rep-4", "self-BLEU"],
        [
          ["samples", ...metrics(samples)],
          ...(naturalText === undefined ? [] : [["natural text", ...metrics(naturalText)]]),
        ],
      ).trimEnd(),
      "Likely samples of little entropy are bores: compare both with natural text.",
    );
  }
  lines.push("", ...describeProvenance(provenance, other?.provenance).map((line) => paint("dim", line)));
  return `${lines.join("\n")}\n`;
}

/** What was scored, in words. */
export function evaluatedPart({ data, heldOut }: EvaluationSettings): string {
  return heldOut === 1 ? data : `the last ${Number((heldOut * 100).toPrecision(4))} % of ${data}`;
}

// --- internal ---

type Likelihood = ModelEvaluation["likelihood"];
type Difference = NonNullable<ModelEvaluation["beside"]>["difference"];

function likelihoodCells(likelihood: Likelihood): string[] {
  const { bitsPerByte, bitsPerByteStandardError, natsPerToken, standardError, perplexity } = likelihood;
  return [
    ...[bitsPerByte, bitsPerByteStandardError, natsPerToken, standardError].map((value) =>
      decimals(value, 3),
    ),
    decimals(perplexity, 2),
  ];
}

function differenceCells(difference: Difference): string[] {
  const { bitsPerByte, bitsPerByteStandardError, natsPerToken, standardError } = difference;
  const values = [bitsPerByte, bitsPerByteStandardError, natsPerToken, standardError];
  return [...values.map((value) => decimals(value, 3)), ""];
}

/** Whether the two can be compared, and which is better. */
function inWords({ paired, ...difference }: Difference, beside = "the other"): string {
  const units = paired
    ? "Both saw the same rows under the same masks."
    : `${beside} cuts the text into other tokens: nats/token and perplexity cannot be compared, bits/byte can.`;
  return `${units} ${verdict(difference)}`;
}

function verdict({ bitsPerByte, bitsPerByteStandardError: error }: Omit<Difference, "paired">): string {
  if (Number.isNaN(error)) return "One row does not tell luck from skill.";
  if (Math.abs(bitsPerByte) < 0.0005) return "They are alike to the last digit shown."; // rounding differs surely, too
  if (Math.abs(bitsPerByte) <= 2 * error) return "Within two standard errors they are alike.";
  return `This model is ${bitsPerByte < 0 ? "better" : "worse"}, by more than two standard errors.`;
}

/** Both models side by side where their tokens are the same. */
function lossTable({ lossCurve, beside: other }: ModelEvaluation, beside = ""): string {
  const curves = [lossCurve, ...(other?.difference.paired ? [other.lossCurve] : [])];
  const share = (value: number | undefined) => (value === undefined ? "-" : `${(value * 100).toFixed(1)} %`);
  return textTable(
    ["masked", "nats/token", "guessed", ...(curves.length > 1 ? [beside, "guessed"] : [])],
    [
      ...lossCurve.byMaskRate.map(({ from, to }) => [
        `${percent(from)} to ${percent(to)}`,
        ...curves.flatMap(({ byMaskRate }) => {
          const score = byMaskRate.find((bucket) => bucket.from === from);
          return [decimals(score?.crossEntropy, 3), share(score?.accuracy)];
        }),
      ]),
      [
        "all: area, share",
        ...curves.flatMap(({ boundNats, accuracy }) => [decimals(boundNats, 3), share(accuracy)]),
      ],
    ],
  ).trimEnd();
}

function metrics({ generative, unigramEntropy, distinct, repetition, selfBleu }: SampleMetrics): string[] {
  return [
    decimals(generative.perplexity, 2),
    decimals(generative.bitsPerByte, 3),
    decimals(unigramEntropy, 3),
    decimals(distinct[3], 3),
    decimals(repetition, 3),
    decimals(selfBleu, 3),
  ];
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
