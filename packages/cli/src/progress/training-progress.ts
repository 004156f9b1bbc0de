import { displayWidth, printable } from "@textdiffusion/render";
import { progressLine, type SpikeFound, type TrainingEvent, type TrainingStepFinished } from "textdiffusion";
import { match } from "ts-pattern";
import { LiveRegion, type TerminalStream } from "../terminal/live-region.js";
import type { Paint } from "../terminal/paint.js";
import { formatCount, formatDuration, progressBar } from "../terminal/quantities.js";

export interface TrainingProgressOptions {
  readonly stream: TerminalStream;
  readonly paint: Paint;
  /** Steps between two lines where there is no terminal. Default: about twenty lines in all. */
  readonly every?: number;
}

/** What the user sees of a training run. */
export interface TrainingProgress {
  show(event: TrainingEvent): void;
  /** Gives the terminal back. A second call does nothing. */
  close(): void;
}

/** A bar that moves on a terminal, plain lines anywhere else. */
export function trainingProgress(options: TrainingProgressOptions): TrainingProgress {
  return options.stream.isTTY === true ? movingBar(options) : plainLines(options);
}

/** One line: a bar, the step, the loss and what is left of the time; speed and bar go first where it is narrow. */
export function renderTrainingBar(
  { step, steps, tokensPerSecond }: TrainingStepFinished,
  lossNats: number,
  leftMs: number,
  width: number,
  paint: Paint,
): string {
  let line = `step ${step}/${steps}`;
  for (const part of [
    `loss ${lossNats.toFixed(3)}`,
    `${formatDuration(leftMs)} left`,
    `${formatCount(tokensPerSecond)} tokens/s`,
  ]) {
    if (displayWidth(line) + displayWidth(part) + 2 < width) line += `  ${part}`;
  }
  const room = Math.min(30, width - displayWidth(line) - 3);
  return room < 4 ? line : `${paint("good", progressBar(step / steps, room))}  ${line}`;
}

// --- internal ---

function plainLines({ stream, every }: TrainingProgressOptions): TrainingProgress {
  const isDue = (event: TrainingEvent) =>
    event.kind !== "step" ||
    event.step === 1 ||
    event.step === event.steps ||
    event.step % (every ?? Math.ceil(event.steps / 20)) === 0;
  return {
    show: (event) => {
      if (isDue(event)) stream.write(`${progressLine(event)}\n`);
    },
    close: () => undefined,
  };
}

function movingBar({ stream, paint }: TrainingProgressOptions): TrainingProgress {
  const region = new LiveRegion(stream);
  let firstStep = 0;
  let smooth = new SmoothLoss();
  return {
    show: (event) =>
      match(event)
        .with({ kind: "started" }, ({ step, steps, resumed, parameterCount, rowCount, rowsPerStep }) => {
          firstStep = step;
          smooth = new SmoothLoss();
          const begin = resumed ? `Going on after step ${step} of ${steps}` : `Training for ${steps} steps`;
          region.print(
            `${begin}: ${formatCount(parameterCount)} parameters, ${rowCount === undefined ? "a stream" : `${rowCount} rows`} of text, ${rowsPerStep} a step.`,
          );
        })
        .with({ kind: "step" }, (event) => {
          const leftMs = (event.elapsedMs / (event.step - firstStep)) * (event.steps - event.step);
          region.draw(renderTrainingBar(event, smooth.add(event.lossNats), leftMs, region.width, paint));
        })
        .with({ kind: "spike" }, (spike) => region.print(paint("fair", describeSpike(spike))))
        .with({ kind: "validation" }, ({ step, boundNats, accuracy }) => {
          const scores = `at most ${(boundNats / Math.LN2).toFixed(3)} bits a token, ${(accuracy * 100).toFixed(1)} % of masks guessed`;
          region.print(
            paint(
              "dim",
              `${step === 0 ? "Before training" : `After step ${step}`}, on text held out: ${scores}.`,
            ),
          );
        })
        .with({ kind: "said" }, ({ step, callback, text }) =>
          region.print(`${paint("dim", `${callback}, step ${step}:`)}\n${printable(text)}`),
        )
        .with({ kind: "checkpoint" }, { kind: "best" }, () => undefined)
        .with({ kind: "finished" }, () => region.close())
        .exhaustive(),
    close: () => region.close(),
  };
}

function describeSpike(spike: SpikeFound): string {
  const { step, lossNats, expectedLossNats, gradientNorm, expectedGradientNorm, action, file } = spike;
  const values = `loss ${lossNats.toFixed(3)} where ${expectedLossNats.toFixed(3)} was expected, gradient ${gradientNorm.toPrecision(3)} where ${expectedGradientNorm.toPrecision(3)} was`;
  const end = `${action === "skip" ? " Its update was left out." : ""}${file === undefined ? "" : ` See ${file}`}`;
  return `Spike at step ${step}: ${values}.${end}`;
}

/** The loss of one step is noisy, since each draws other mask rates: a mean that forgets, without a bias to 0. */
class SmoothLoss {
  private sum = 0;
  private weight = 0;

  add(lossNats: number): number {
    this.sum = 0.95 * this.sum + lossNats;
    this.weight = 0.95 * this.weight + 1;
    return this.sum / this.weight;
  }
}
