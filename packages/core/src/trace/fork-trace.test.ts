import { fakeDenoiser, letterTokenizer, powerNoise } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import type { Constraint } from "../contracts/constraint.js";
import type { Sampler } from "../contracts/sampler.js";
import { DiffusionError } from "../errors/diffusion-error.js";
import type { GenerationEvent } from "../loop/events.js";
import { createPipeline, type GenerationRequest } from "../pipeline/pipeline.js";
import { forkTrace, verifyTrace } from "./fork-trace.js";
import { readTrace } from "./read-trace.js";
import { traceHeader } from "./trace-header.js";
import { traceLines } from "./trace-lines.js";

const tokenizer = letterTokenizer("abcdef");
const { mask } = tokenizer.special;
const sampler: Sampler = {
  name: "left-to-right",
  tokenRule: { temperature: 1 },
  steps: "until-done",
  revises: false,
  request: (row) => row.masked.slice(0, 1),
  decide: () => ({ commit: [0], remask: [] }),
};
const pipeline = await createPipeline({
  tokenizer,
  sampler,
  schedule: powerNoise(1),
  denoiser: fakeDenoiser({ vocabularySize: tokenizer.vocabularySize, maskTokenId: mask }),
});

/** No "a" anywhere. */
const noA: Constraint = {
  name: "no-a",
  open: () => ({
    completable: (ids) => !ids.includes(tokenizer.encode("a")[0]),
    candidates: (_, positions) => Array.from(positions, () => ({ banned: [...tokenizer.encode("a")] })),
  }),
};

async function traced(request: GenerationRequest, constraint = request.constraint) {
  const { seed = 0, ...asked } = request;
  const header = await traceHeader({ seed, config: {}, request: asked, tokenizer });
  const lines: string[] = [];
  for await (const line of traceLines(header, pipeline.stream({ ...request, constraint }), tokenizer))
    lines.push(line);
  return () => readTrace(lines);
}

async function collected(events: AsyncIterable<GenerationEvent>): Promise<GenerationEvent[]> {
  const all: GenerationEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

const unsupported = (what: Promise<unknown>, sentence: RegExp) =>
  expect(what).rejects.toSatisfy(
    (error) => DiffusionError.is(error, "UNSUPPORTED") && sentence.test(String(error)),
  );

describe("a run under a constraint", () => {
  const request = { prompts: ["b"], length: 8, seed: 2, constraint: noA };

  it("goes on and is verified with the constraint made again", async () => {
    const run = await traced(request);
    expect((await run()).header.request.constraint).toEqual({ name: "no-a", passedAsValue: true });
    const events = await collected((await run()).events);
    const { request: fork } = await forkTrace(await run(), { at: 3, constraint: noA }, tokenizer);
    expect((await collected(pipeline.stream(fork))).slice(1)).toEqual(events.slice(4));
    expect(await verifyTrace(await run(), pipeline, { constraint: noA })).toEqual({
      equalSteps: 7,
      confidenceGap: 0,
    });
  });

  it("needs it, takes no locks, and another run has none", async () => {
    const run = await traced(request);
    await unsupported(forkTrace(await run(), { at: 3 }, tokenizer), /constraint of the run, .*no-a/);
    await unsupported(verifyTrace(await run(), pipeline), /constraint of the run/);
    const locks = [{ row: 0, position: 5, token: 5 }];
    await unsupported(forkTrace(await run(), { at: 3, locks, constraint: noA }, tokenizer), /no locks/);
    const free = await traced({ prompts: ["b"], length: 8 });
    await unsupported(
      forkTrace(await free(), { at: 3, constraint: noA }, tokenizer),
      /no constraint.*"no-a"/,
    );
  });
});

it("what else a request was passed as a value is missed", async () => {
  const run = await traced({
    prompts: ["b"],
    length: 8,
    allowSpecial: undefined,
    odd: () => 1,
  } as GenerationRequest);
  await unsupported(forkTrace(await run(), { at: 1 }, tokenizer), /whose odd was passed as a value/);
});

it("a fork keeps what the request says besides its page", async () => {
  const run = await traced({ prompts: ["b"], length: 8, seed: 4, allowSpecial: [3] });
  const { request, parent } = await forkTrace(await run(), { at: 2 }, tokenizer);
  expect(request).toMatchObject({ allowSpecial: [3], seed: 4, from: { progress: { step: 2 } } });
  expect(Object.keys(request).sort()).toEqual(["allowSpecial", "from", "seed"]);
  expect(parent).toEqual({ header: (await run()).header, step: 2, locks: [] });
});
