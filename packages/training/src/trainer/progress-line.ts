import type { TrainingEvent } from "@textdiffusion/core";
import { match } from "ts-pattern";

/** An event in one line of plain text, for logs. */
export function progressLine(event: TrainingEvent): string {
  return match(event)
    .with(
      { kind: "started" },
      ({ step, steps, resumed, parameterCount, rowCount, rowsPerStep }) =>
        `${resumed ? `resumed after step ${step}` : "started"}: ${steps} steps of ${rowsPerStep} rows, ${rowCount === undefined ? "a stream of rows" : `${rowCount} rows an epoch`}, ${parameterCount} parameters`,
    )
    .with(
      { kind: "step" },
      ({ step, steps, epoch, lossNats, gradientNorm, learningRate, tokensPerSecond, elapsedMs }) =>
        `step ${step}/${steps}${epoch === undefined ? "" : `  epoch ${epoch.toFixed(2)}`}  loss ${lossNats.toFixed(4)} nats  gradient ${gradientNorm.toPrecision(3)}  learning rate ${learningRate.toExponential(2)}  ${Math.round(tokensPerSecond)} tokens/s  ${seconds(elapsedMs)}`,
    )
    .with(
      { kind: "spike" },
      ({ step, lossNats, expectedLossNats, gradientNorm, expectedGradientNorm, action, file }) =>
        [
          `spike at step ${step}`,
          `loss ${lossNats.toFixed(4)} nats where ${expectedLossNats.toFixed(4)} was expected`,
          `gradient ${gradientNorm.toPrecision(3)} where ${expectedGradientNorm.toPrecision(3)} was`,
          ...(action === "skip" ? ["its update was left out"] : []),
          ...(file === undefined ? [] : [`its batches are in ${file}`]),
        ].join("  "),
    )
    .with(
      { kind: "validation" },
      ({ step, boundNats, accuracy, elapsedMs }) =>
        `validation at step ${step}  at most ${boundNats.toFixed(4)} nats a token (perplexity ${Math.exp(boundNats).toPrecision(4)})  accuracy ${(accuracy * 100).toFixed(1)} %  ${seconds(elapsedMs)}`,
    )
    .with(
      { kind: "checkpoint" },
      ({ step, folder, sizeBytes, elapsedMs }) =>
        `saved step ${step} in ${folder}  ${(sizeBytes / 1e6).toFixed(1)} MB  ${seconds(elapsedMs)}`,
    )
    .with(
      { kind: "best" },
      ({ step, folder, elapsedMs }) =>
        `the best so far, step ${step}, kept in ${folder}  ${seconds(elapsedMs)}`,
    )
    .with(
      { kind: "said" },
      ({ step, callback, text }) => `${callback} at step ${step}: ${text.replaceAll("\n", "\\n")}`,
    )
    .with(
      { kind: "finished" },
      ({ step, steps, reason, stoppedBy, elapsedMs }) =>
        `${reason}${stoppedBy === undefined ? "" : ` by ${stoppedBy}`} after step ${step} of ${steps}  ${seconds(elapsedMs)}`,
    )
    .exhaustive();
}

// --- internal ---

function seconds(elapsedMs: number): string {
  return `${(elapsedMs / 1000).toFixed(1)} s`;
}
