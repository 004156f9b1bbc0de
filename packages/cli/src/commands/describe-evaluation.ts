import { decimals, type ModelEvaluation, type SampleMetrics, textTable } from "textdiffusion";
import type { Paint } from "../terminal/paint.js";
import { describeProvenance } from "./describe-provenance.js";

export interface EvaluationSettings {
  readonly folder: string;
  readonly data: string;
  readonly heldOut: number;
}

/** An evaluation for people: four tables, and what they rest on. */
export function describeEvaluation(
  { likelihood, lossCurve, baselines, samples, naturalText, provenance }: ModelEvaluation,
  { folder, data, heldOut }: EvaluationSettings,
  paint: Paint,
): string {
  const { natsPerToken, standardError, maskStandardError, perplexity, unknown } = likelihood;
  const { bitsPerByte, bitsPerByteStandardError } = likelihood;
  const part = heldOut === 1 ? data : `the last ${Number((heldOut * 100).toPrecision(4))} % of ${data}`;
  const lines = [
    paint("bold", `${folder} on ${part}`),
    `${likelihood.rows} of ${likelihood.rowsOfText} rows scored, ${likelihood.tokens} tokens; the text has ${likelihood.bytes} bytes`,
    ...(unknown > 0
      ? [
          paint(
            "fair",
            `${unknown} tokens are unknown to the tokenizer and cost nothing: the bound is too low.`,
          ),
        ]
      : []),
    "",
    paint("bold", "Likelihood"),
    textTable(
      ["", "bits/byte", "±", "nats/token", "±", "perplexity"],
      [
        [
          "this model, at most",
          decimals(bitsPerByte, 3),
          decimals(bitsPerByteStandardError, 3),
          decimals(natsPerToken, 3),
          decimals(standardError, 3),
          decimals(perplexity, 2),
        ],
        ...baselines.map(({ name, bitsPerByte: bits }) => [name, decimals(bits, 3), "", "", "", ""]),
      ],
    ).trimEnd(),
    `± is one standard error over texts like this; that of the masks alone is ${decimals(maskStandardError, 4)} nats/token.`,
    "",
    paint("bold", "Loss by mask rate, on fixed masks"),
    textTable(
      ["masked", "nats/token", "guessed"],
      [
        ...lossCurve.byMaskRate.map(({ from, to, crossEntropy, accuracy }) => [
          `${percent(from)} to ${percent(to)}`,
          decimals(crossEntropy, 3),
          `${(accuracy * 100).toFixed(1)} %`,
        ]),
        ["all: area, share", decimals(lossCurve.boundNats, 3), `${(lossCurve.accuracy * 100).toFixed(1)} %`],
      ],
    ).trimEnd(),
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
  lines.push("", ...describeProvenance(provenance).map((line) => paint("dim", line)));
  return `${lines.join("\n")}\n`;
}

// --- internal ---

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
