import { decimals, evaluationPlot, type ModelEvaluation } from "textdiffusion";
import { match } from "ts-pattern";
import { type EvaluationSettings, evaluatedPart } from "./describe-evaluation.js";

/** What a picture of an evaluation is written as. */
export type EvaluationPictureKind = "svg" | "html";

/** An evaluation as an SVG document, or as a page with it; neither loads anything. */
export function evaluationPicture(
  kind: EvaluationPictureKind,
  evaluation: ModelEvaluation,
  settings: EvaluationSettings,
): string {
  const { likelihood, lossCurve, beside, baselines, provenance } = evaluation;
  const title = `${settings.model} on ${evaluatedPart(settings)}`;
  const { rows, rowsOfText } = likelihood;
  const svg = evaluationPlot({
    title,
    notes: [
      `${rows} of ${rowsOfText} rows scored, seed ${provenance.seed}`,
      ...(beside === undefined ? [] : [differenceOf(beside.difference)]),
    ],
    models: [
      { name: settings.model, likelihood, lossCurve },
      ...(beside === undefined ? [] : [{ ...beside, name: settings.beside ?? "beside" }]),
    ],
    baselines,
    sameTokens: beside?.difference.paired ?? true,
  });
  return match(kind)
    .with("svg", () => svg)
    .with("html", () => page(title, svg))
    .exhaustive();
}

// --- internal ---

function differenceOf({
  paired,
  bitsPerByte,
  bitsPerByteStandardError,
}: NonNullable<ModelEvaluation["beside"]>["difference"]): string {
  const [value, error] = [bitsPerByte, bitsPerByteStandardError].map((bits) => decimals(bits, 3));
  return `difference of the two: ${value} ± ${error} bits a byte${paired ? ", row by row" : ""}`;
}

function page(title: string, svg: string): string {
  const escaped = title.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="generator" content="textdiffusion">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped}</title>
<style>
body { margin: 1rem; background: #ffffff; }
svg { display: block; margin: auto; max-width: 100%; height: auto; }
@media (prefers-color-scheme: dark) { body { background: #0d1117; } }
</style>
${svg}</html>
`;
}
