import {
  type Callback,
  type CallbackAnswer,
  DiffusionError,
  type WatchedEvent,
  type WatchedRun,
} from "@textdiffusion/core";
import { holds } from "../expect-law.js";
import { type Law, type LawSkip, withSkips } from "../law.js";

export interface CallbackLawOptions {
  /** What the callback gets to know of the run: a folder, what writes texts. Default neither. */
  readonly run?: Omit<WatchedRun, "signal">;
  readonly skip?: readonly LawSkip[];
}

/**
 * The laws of `Callback`: `answers-have-known-keys`, `leaves-events-alone`, `begins-anew-when-started` (the same events, the
 * same answers, from the first event of a run on), `watches-a-resumed-run`, `says-what-it-lacks`,
 * `answers-after-an-abort`.
 *
 * @param make - makes a callback
 */
export function callbackLaws(
  make: () => Callback | Promise<Callback>,
  { run = {}, skip }: CallbackLawOptions = {},
): Law[] {
  const whole = (): WatchedRun => ({ signal: new AbortController().signal, ...run });
  return withSkips(
    [
      {
        name: "answers-have-known-keys",
        run: async () => {
          for (const answer of await answersOf(await make(), events(), whole())) assertKnown(answer);
        },
      },
      {
        name: "leaves-events-alone",
        run: async () => {
          const told = events();
          const before = JSON.stringify(told);
          await answersOf(await make(), told, whole());
          holds(JSON.stringify(told) === before, () => "expected the events as they were told, got others");
          await answersOf(await make(), told.map(frozen), whole()); // writing into one of these throws
        },
      },
      {
        name: "begins-anew-when-started",
        run: async () => {
          const callback = await make();
          const [first, again] = [
            await answersOf(callback, events(), whole()),
            await answersOf(callback, events(), whole()),
          ];
          same(again, first, "the same callback, told the same run again");
          same(
            await answersOf(await make(), events(), whole()),
            first,
            "a second callback, told the same run",
          );
        },
      },
      {
        name: "watches-a-resumed-run",
        run: async () => {
          await answersOf(await make(), events(), whole());
          const [started, ...others] = events();
          const resumed = others.filter(({ step }) => step > 2);
          const again = { ...started, step: 2, resumed: true } as WatchedEvent;
          for (const answer of await answersOf(await make(), [again, ...resumed], whole()))
            assertKnown(answer);
        },
      },
      {
        name: "says-what-it-lacks",
        run: async () => {
          const bare = { signal: new AbortController().signal };
          const thrown = await answersOf(await make(), events(), bare).then(
            () => undefined,
            (error: unknown) => error,
          );
          holds(
            thrown === undefined || DiffusionError.is(thrown),
            () =>
              `expected answers or a DiffusionError where a run has neither folder nor texts, got ${thrown}`,
          );
        },
      },
      {
        name: "answers-after-an-abort",
        run: async () => {
          const aborted = { signal: AbortSignal.abort(), ...run };
          const thrown = await answersOf(await make(), events(), aborted).then(
            () => undefined,
            (error: unknown) => error,
          );
          holds(
            thrown === undefined || DiffusionError.is(thrown, "ABORTED"),
            () => `expected answers or ABORTED after an abort, got ${thrown}`,
          );
        },
      },
    ],
    skip,
  );
}

// --- internal ---

/** A run of four steps in which everything happens, hours long. */
function events(): WatchedEvent[] {
  const steps = 4;
  const step = (number: number): WatchedEvent => ({
    kind: "step",
    step: number,
    steps,
    epoch: number / 10,
    lossNats: 4 / number,
    gradientNorm: 1,
    learningRate: 1e-3,
    tokensPerSecond: 1000,
    elapsedMs: number * 3_600_000,
  });
  const validation = (number: number, boundNats: number): WatchedEvent => ({
    kind: "validation",
    step: number,
    boundNats,
    accuracy: 0.5,
    byMaskRate: [{ from: 0, to: 0.1, positions: 9, crossEntropy: boundNats, accuracy: 0.5 }],
    elapsedMs: 10,
  });
  const saved = { folder: "checkpoints/step-00000002", sizeBytes: 1000, elapsedMs: 5 };
  const spike = {
    lossNats: 9,
    expectedLossNats: 1.4,
    lossDeviations: 20,
    gradientNorm: 30,
    expectedGradientNorm: 1,
    gradientDeviations: 20,
  };
  return [
    { kind: "started", step: 0, steps, resumed: false, parameterCount: 1000, rowCount: 40, rowsPerStep: 4 },
    validation(0, 5),
    step(1),
    step(2),
    validation(2, 3),
    { kind: "best", step: 2, boundNats: 3, folder: "checkpoints/best-00000002", elapsedMs: 5 },
    { kind: "checkpoint", step: 2, ...saved },
    step(3),
    { kind: "spike", step: 3, ...spike, action: "report" },
    step(4),
    validation(4, 3.5),
    { kind: "checkpoint", step: 4, ...saved },
    { kind: "finished", step: 4, steps, reason: "completed", elapsedMs: 14_400_000 },
  ];
}

async function answersOf(
  callback: Callback,
  told: readonly WatchedEvent[],
  run: WatchedRun,
): Promise<(CallbackAnswer | undefined)[]> {
  const answers: (CallbackAnswer | undefined)[] = [];
  for (const event of told) answers.push((await callback.onEvent(event, run)) ?? undefined);
  return answers;
}

function same(
  answers: readonly (CallbackAnswer | undefined)[],
  expected: readonly (CallbackAnswer | undefined)[],
  whose: string,
): void {
  const differs = expected.findIndex(
    (answer, index) => JSON.stringify(answer) !== JSON.stringify(answers[index]),
  );
  holds(
    differs < 0,
    () =>
      `expected ${JSON.stringify(expected[differs])} for event ${differs} from ${whose}, got ${JSON.stringify(answers[differs])}`,
  );
}

const types: Readonly<Record<keyof CallbackAnswer, string>> = {
  stop: "boolean",
  save: "boolean",
  validate: "boolean",
  say: "string",
};

function assertKnown(answer: CallbackAnswer | undefined): void {
  for (const [key, value] of Object.entries(answer ?? {})) {
    holds(
      value === undefined || typeof value === types[key as keyof CallbackAnswer],
      () =>
        `expected stop, save, validate (each true or false) or say (a text), got ${key}: ${String(value)}`,
    );
  }
}

function frozen<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null) return value;
  Object.values(value).forEach(frozen);
  return Object.freeze(value);
}
