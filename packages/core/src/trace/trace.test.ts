import { fakeDenoiser, letterTokenizer, powerNoise } from "@textdiffusion/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Sampler } from "../contracts/sampler.js";
import { DiffusionError, type ErrorCode } from "../errors/diffusion-error.js";
import type { GenerationEvent, PositionChange, StepFinished } from "../loop/events.js";
import { reverseLoop } from "../loop/reverse-loop.js";
import { openCanvas } from "../pipeline/open-canvas.js";
import { readTrace } from "./read-trace.js";
import { traceHeader, traceHeaderHash } from "./trace-header.js";
import { traceLines } from "./trace-lines.js";

const tokenizer = letterTokenizer("abcdefgh");
const maskTokenId = tokenizer.special.mask;
const { vocabularySize } = tokenizer;
const header = await traceHeader({ seed: 3, config: { sampler: "odd" }, request: {}, tokenizer });

/** Reveals half of what is masked, sends the first revealed one back in every other step, rewrites the rest. */
const odd: Sampler = {
  name: "odd",
  tokenRule: { temperature: 1 },
  steps: 6,
  revises: true,
  request: (row) => row.editablePositions,
  decide: (row, { positions }) => {
    const last = row.step === 5;
    const back =
      row.step % 2 === 1 && !last ? [...positions].filter((each) => !row.masked.includes(each)) : [];
    const remask = back.slice(0, 1);
    const commit = [...positions.keys()].filter(
      (index) => (last || index % 2 === row.step % 2) && !remask.includes(positions[index]),
    );
    return { commit, remask };
  },
};

async function run(): Promise<GenerationEvent[]> {
  const events: GenerationEvent[] = [];
  const canvas = openCanvas(tokenizer, {
    prompts: ["ab", ["c", { gap: 3, banned: ["a"] }]],
    rules: [{ row: 0, position: 4, allowed: ["a", "b", "c", "d"] }],
    length: 9,
    rowKeys: [5, -2],
  });
  const denoiser = fakeDenoiser({ vocabularySize, maskTokenId });
  const loop = reverseLoop({ denoiser, sampler: odd, schedule: powerNoise(1), canvas, maskTokenId, seed: 3 });
  for await (const event of loop) events.push(event);
  return events;
}

const events = await run();
const written: string[] = [];
for await (const line of traceLines(header, events, tokenizer)) written.push(line);

async function eventsIn(pieces: Iterable<string>) {
  const trace = await readTrace(pieces);
  const read: GenerationEvent[] = [];
  for await (const event of trace.events) read.push(event);
  return { read, ...trace };
}

const refused = (pieces: Iterable<string>, code: ErrorCode, sentence: RegExp) =>
  expect(eventsIn(pieces)).rejects.toSatisfy((error) => {
    expect(String(error)).toMatch(sentence);
    return DiffusionError.is(error, code);
  });

interface Line {
  readonly tokenizer: object;
  readonly tokens: readonly unknown[];
  readonly ids: number[];
  readonly revealed: Readonly<Record<string, readonly number[]>>;
  readonly [key: string]: unknown;
}

/** The lines with one of them changed. */
const withLine = (number: number, change: (line: Line) => unknown) =>
  written.map((line, index) =>
    index === number - 1 ? `${JSON.stringify(change(JSON.parse(line)))}\n` : line,
  );

describe("a run, written and read again", () => {
  it("is the same run, event for event", async () => {
    const { read, ending, header: first } = await eventsIn(written);
    expect(read).toEqual(events);
    expect(first).toEqual(header);
    const { ids } = events.at(-1) as { ids: Int32Array };
    const texts = [ids.slice(0, 9), ids.slice(9)].map((row) => tokenizer.decode(row));
    expect(ending()).toEqual({ complete: true, step: 6, torn: false, texts });
  });

  it("has some of everything in it", () => {
    const steps = events.filter((event): event is StepFinished => event.kind === "step");
    for (const name of ["revealed", "remasked", "confirmed"] as const) {
      expect(steps.some((step) => step[name].length > 0)).toBe(true);
    }
    expect(steps.some(({ candidates }) => candidates.rows.length > 0)).toBe(true);
  });

  it("is read from pieces of any size", async () => {
    const text = written.join("");
    for (const size of [1, 7, 64, text.length]) {
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, piece) =>
        text.slice(piece * size, (piece + 1) * size),
      );
      expect((await eventsIn(pieces)).read).toEqual(events);
    }
    expect((await eventsIn([text.trimEnd()])).ending()).toMatchObject({ complete: true, torn: false });
  });

  it("asks for one event at a time", async () => {
    let asked = 0;
    const counted = (async function* () {
      for (const event of events) {
        asked++;
        yield event;
      }
    })();
    const lines = traceLines(header, counted, tokenizer);
    await lines.next();
    expect(asked).toBe(0);
    await lines.next();
    expect(asked).toBe(1);
    const { events: read } = await readTrace(written.slice(0, 3).concat(["not JSON\n"]));
    expect(await read.next()).toMatchObject({ value: { kind: "started" } });
    expect(await read.next()).toMatchObject({ value: { kind: "step", step: 0 } });
    await expect(read.next()).rejects.toThrow(/line 4/);
  });

  it("closes its source when it is left, read or not", async () => {
    for (const reads of [0, 2]) {
      let open = true;
      const source = (async function* () {
        try {
          yield* written;
        } finally {
          open = false;
        }
      })();
      const trace = await readTrace(source);
      for (let read = 0; read < reads; read++) await trace.events.next();
      expect(open).toBe(true);
      await trace.events.return();
      expect(open).toBe(false);
      expect(await trace.events.next()).toEqual({ done: true, value: undefined });
    }
  });

  it("shows its tokens without the tokenizer", async () => {
    const { tokenizer: shown } = await eventsIn(written);
    const { ids } = events.at(-1) as { ids: Int32Array };
    expect(shown.decode(ids)).toBe(tokenizer.decode(ids));
    expect(shown.decode(ids, { keepSpecial: true })).toBe(tokenizer.decode(ids, { keepSpecial: true }));
    expect(shown.token(maskTokenId)).toBe("<mask>");
    expect(() => shown.encode("a")).toThrow(/cannot|knows only/);
  });

  // Any changes that a page allows, with any doubles at all as scores.
  const double = fc.oneof(
    fc.double(),
    fc.constantFrom(Number.NaN, -0, 0, 5e-324, Number.MAX_VALUE, -Infinity, 0.1 + 0.2),
  );
  const score = fc.option(double, { nil: undefined });
  const scores = fc.record({ logProb: score, entropy: score, margin: score });
  const place = fc.record({
    token: fc.integer({ min: 0, max: vocabularySize - 2 }),
    what: fc.constantFrom("write", "again", "back", "see", "nothing"),
    scores,
    logProb: fc.float(),
  });
  const seq = 6;
  const steps = fc.array(
    fc.record({ t: double, s: double, places: fc.array(place, { minLength: seq, maxLength: seq }) }),
    { maxLength: 6 },
  );

  function streamOf(
    drawn: typeof steps extends fc.Arbitrary<infer Value> ? Value : never,
  ): GenerationEvent[] {
    const ids = new Int32Array(seq).fill(maskTokenId);
    const started: GenerationEvent = {
      ...(events[0] as Extract<GenerationEvent, { kind: "started" }>),
      batch: 1,
      seq,
      ids: ids.slice(),
      attentionMask: new Uint8Array(seq).fill(1),
      editable: new Uint8Array(seq).fill(1),
      rowKeys: [4],
      rowSteps: new Int32Array(1),
      doneRows: [],
      revealLogProbs: new Float64Array(seq).fill(Number.NaN),
    };
    const out = drawn.map(({ t, s, places }, step): StepFinished => {
      const revealed: PositionChange[] = [];
      const remasked: PositionChange[] = [];
      const confirmed: PositionChange[] = [];
      const seen: { position: number; token: number; logProb: number }[] = [];
      places.forEach(({ token, what, scores, logProb }, position) => {
        const from = ids[position];
        const change = { row: 0, position, from };
        if (what === "write" && token !== from) revealed.push({ ...change, to: token, ...scores });
        else if (what === "again" && from !== maskTokenId) confirmed.push({ ...change, to: from, ...scores });
        else if (what === "back" && from !== maskTokenId) remasked.push({ ...change, to: maskTokenId });
        else if (what === "see") seen.push({ position, token, logProb });
      });
      for (const { position, to } of [...revealed, ...remasked]) ids[position] = to;
      return {
        kind: "step",
        step,
        t,
        s,
        revealed,
        remasked,
        confirmed,
        candidates: {
          rows: new Int32Array(seen.length),
          positions: Int32Array.from(seen, ({ position }) => position),
          tokens: Int32Array.from(seen, ({ token }) => token),
          logProbs: Float32Array.from(seen, ({ logProb }) => logProb),
        },
        masked: ids.filter((id) => id === maskTokenId).length,
        finishedRows: [],
        forwards: step,
        rowForwards: step * 1000,
      };
    });
    const done = { steps: out.length, forwards: out.length, rowForwards: 1e6 };
    return [started, ...out, { kind: "finished", ids, ...done }];
  }

  it("is the same run whatever its numbers are", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (drawn) => {
        const stream = streamOf(drawn);
        const lines: string[] = [];
        for await (const line of traceLines(header, stream, tokenizer)) lines.push(line);
        expect((await eventsIn(lines)).read).toEqual(stream);
      }),
      { numRuns: 200, seed: 1 },
    );
  });
});

describe("a trace that ends early", () => {
  it("is readable at every place where it can break off", async () => {
    const text = written.join("");
    const starts = written.map((_, index) => written.slice(0, index).join("").length);
    for (let end = starts[1]; end < text.length - 1; end += 13) {
      const { read, ending } = await eventsIn([text.slice(0, end)]);
      // A line is whole when all but its line feed is there.
      const whole = starts.filter(
        (start, index) => index > 0 && start + written[index].length - 1 <= end,
      ).length;
      expect(read).toEqual(events.slice(0, whole));
      const torn = !starts.includes(end) && !starts.includes(end + 1);
      expect(ending()).toEqual({ complete: false, step: Math.max(0, whole - 1), torn, texts: undefined });
    }
  });

  it("needs its header", async () => {
    await refused([], "TRACE_INVALID", /a header, got nothing.*line 1/);
    await refused([written[0].slice(0, 50)], "TRACE_INVALID", /the beginning of one.*line 1/);
  });
});

describe("a trace that is wrong", () => {
  it("is refused when another version wrote it, which says what is known", () =>
    refused(
      withLine(1, (line) => ({ ...line, version: 2 })),
      "UNSUPPORTED",
      /version 1 .* got 2/,
    ));

  it.each<[string, number, (line: Line) => unknown, RegExp]>([
    ["another format", 1, (line) => ({ ...line, format: "gif" }), /header of a textdiffusion-trace/],
    ["an unknown key in the header", 1, (line) => ({ ...line, sed: 4 }), /sed/],
    [
      "a special id outside the vocabulary",
      1,
      (line) => ({ ...line, tokenizer: { ...line.tokenizer, specialIds: [99] } }),
      /got 99/,
    ],
    ["a step without a beginning", 2, (line) => ({ ...line, kind: "stop" }), /line 2/],
    ["a page of another size", 2, (line) => ({ ...line, seq: 8 }), /SHAPE_MISMATCH/],
    ["another mask token", 2, (line) => ({ ...line, maskTokenId: 5 }), /line 2/],
    ["no rowSteps", 2, (line) => ({ ...line, rowSteps: [] }), /2 rowSteps, got 0/],
    [
      "a token without text",
      2,
      (line) => ({ ...line, tokens: line.tokens.slice(1) }),
      /a text for each token/,
    ],
    ["an unknown key", 3, (line) => ({ ...line, colour: 1 }), /colour/],
    ["a missing count", 3, ({ masked: _, ...line }) => line, /valid masked/],
    ["another number of masks", 3, (line) => ({ ...line, masked: 0 }), /masked positions, got 0/],
    ["a step left out", 3, (line) => ({ ...line, step: 1 }), /step 0, got step 1/],
    [
      "columns of unequal length",
      3,
      (line) => ({ ...line, revealed: { ...line.revealed, to: [] } }),
      /length/,
    ],
    ["a place outside the page", 3, (line) => changed(line, "position", 40), /on a page of \[2, 9\]/],
    ["a place outside the rows", 3, (line) => changed(line, "row", 2), /on a page of \[2, 9\]/],
    ["a change of the prompt", 3, (line) => changed(line, "position", 0), /editable positions/],
    ["a change from what is not there", 3, (line) => changed(line, "from", 5), /to change at row/],
    ["a token outside the vocabulary", 3, (line) => changed(line, "to", 99), /ids below 13, got 99/],
    ["a mask revealed", 3, (line) => changed(line, "to", maskTokenId), /revealed positions to hold text/],
    ["a finished row that is none", 3, (line) => ({ ...line, finishedRows: [7] }), /rows below 2, got 7/],
    ["forwards that fall", 4, (line) => ({ ...line, forwards: 0 }), /at least 1 forwards, got 0/],
    ["another end", 9, (line) => ({ ...line, ids: line.ids.reverse() }), /page that the steps leave/],
    ["other steps at the end", 9, (line) => ({ ...line, steps: 2 }), /6 steps, got 2/],
    ["a number in words", 3, (line) => ({ ...line, t: "one" }), /valid t/],
  ])("%s names the line", async (_, number, change, sentence) => {
    await refused(withLine(number, change), "TRACE_INVALID", sentence);
    await refused(withLine(number, change), "TRACE_INVALID", new RegExp(`line ${number} of the trace`));
  });

  it("a broken line that a line feed ends is no torn one", () =>
    refused([...written.slice(0, 3), '{"kind":"st\n'], "TRACE_INVALID", /a line of JSON.*line 4/));

  it("an event after the end", () => refused([...written, written[8]], "TRACE_INVALID", /line 10/));

  it("a second beginning", () =>
    refused([...written.slice(0, 3), written[1]], "TRACE_INVALID", /second "started".*line 4/));

  it("a line without end", async () => {
    const endless = (function* () {
      for (;;) yield "x".repeat(1000);
    })();
    await expect(readTrace(endless, { longestLine: 5000 })).rejects.toThrow(/at most 5000 characters/);
  });

  it("brackets without end", () =>
    refused(
      [written[0].replace('"request":{}', `"request":{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}`)],
      "TRACE_INVALID",
      /line 1/,
    ));

  /** The line with the first revealed position's field changed. */
  function changed(line: Line, field: string, value: number) {
    const column = [value, ...line.revealed[field].slice(1)];
    return { ...line, revealed: { ...line.revealed, [field]: column } };
  }
});

describe("the header", () => {
  it("marks what was passed as a value, and holds lists of numbers", async () => {
    const { config, request } = await traceHeader({
      seed: 0,
      config: { sampler: odd, schedule: { name: "power", power: 2 }, backend: undefined },
      request: { allowSpecial: Int32Array.of(1), prompts: ["a", ["b", { gap: 2 }]], only: () => true },
      tokenizer,
    });
    expect(config).toEqual({
      sampler: { name: "odd", passedAsValue: true },
      schedule: { name: "power", power: 2 },
    });
    expect(request).toEqual({
      allowSpecial: [1],
      prompts: ["a", ["b", { gap: 2 }]],
      only: { name: "only", passedAsValue: true },
    });
  });

  it("has a hash that names it, whatever the order of its keys", async () => {
    const hash = await traceHeaderHash(header);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    const shuffled = Object.fromEntries(Object.entries(header).reverse()) as typeof header;
    expect(await traceHeaderHash(shuffled)).toBe(hash);
    expect(await traceHeaderHash({ ...header, seed: 4 })).not.toBe(hash);
    const fork = await traceHeader({
      seed: 3,
      config: {},
      request: {},
      tokenizer,
      parent: { header, step: 2, locks: [{ row: 0, position: 3, token: 5 }] },
    });
    expect(fork.parent).toEqual({ header: hash, step: 2, locks: [{ row: 0, position: 3, token: 5 }] });
  });

  it("refuses what it cannot hold", async () => {
    await expect(traceHeader({ seed: 0.5, config: {}, request: {}, tokenizer })).rejects.toSatisfy((error) =>
      DiffusionError.is(error, "TRACE_INVALID"),
    );
  });
});
