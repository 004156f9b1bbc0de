import {
  type Canvas,
  type Denoiser,
  DiffusionError,
  type ErrorCode,
  type GenerationEvent,
  type GenerationFinished,
  reverseLoop,
  type Sampler,
  type StepFinished,
} from "@textdiffusion/core";
import { fakeDenoiser, powerNoise } from "@textdiffusion/testkit";
import { expect } from "vitest";

export const vocabularySize = 12;
export const maskTokenId = 11;
export const fake = fakeDenoiser({ vocabularySize, maskTokenId });

/** One masked position a step, from the left, until none is left. */
export const leftToRight: Sampler = {
  name: "left-to-right",
  tokenRule: { temperature: 1 },
  steps: "until-done",
  revises: false,
  request: (row) => row.masked.slice(0, 1),
  decide: () => ({ commit: [0], remask: [] }),
};

/** Everything at once, in each of a number of steps. */
export const rewriting = (steps: number): Sampler => ({
  name: "rewriting",
  tokenRule: { temperature: 1 },
  steps,
  revises: true,
  request: (row) => row.editablePositions,
  decide: (_, draws) => ({ commit: [...draws.positions.keys()], remask: [] }),
});

/** `_` is a mask, a digit a fixed token. */
export function page(...rows: string[]): Canvas {
  const cells = [...rows.join("")];
  return {
    batch: rows.length,
    seq: rows[0].length,
    ids: Int32Array.from(cells, (cell) => (cell === "_" ? maskTokenId : Number(cell))),
    attentionMask: new Uint8Array(cells.length).fill(1),
    editable: Uint8Array.from(cells, (cell) => Number(cell === "_")),
  };
}

export interface Changes {
  readonly canvas?: Canvas;
  readonly sampler?: Sampler;
  readonly denoiser?: Denoiser;
  readonly seed?: number;
  readonly suppressed?: readonly number[];
  readonly signal?: AbortSignal;
}

export function loop({
  canvas = page("01____"),
  sampler = leftToRight,
  denoiser = fake,
  seed = 0,
  ...rest
}: Changes) {
  return reverseLoop({ canvas, sampler, denoiser, seed, maskTokenId, schedule: powerNoise(1), ...rest });
}

export async function run(changes: Changes) {
  const events: GenerationEvent[] = [];
  for await (const event of loop(changes)) events.push(event);
  const steps = events.filter((event): event is StepFinished => event.kind === "step");
  return { events, steps, finished: events.at(-1) as GenerationFinished };
}

export const failsWith = (code: ErrorCode, pattern: RegExp, changes: Changes) =>
  expect(run(changes)).rejects.toSatisfy((error) => {
    expect(String(error)).toMatch(pattern);
    return DiffusionError.is(error, code);
  });
