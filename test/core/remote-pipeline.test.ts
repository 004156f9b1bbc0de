import { MessageChannel } from "node:worker_threads";
import {
  type Constraint,
  connectPipeline,
  createPipeline,
  DiffusionError,
  type GenerationEvent,
  type Pipeline,
  servePipeline,
} from "@textdiffusion/core";
import { afterEach, describe, expect, it } from "vitest";
import { sampler, values } from "./pipeline-parts.js";

const steps = 6;
const request = { prompts: ["a b", "bad"], length: 12, seed: 4 };
const endings: (() => void)[] = [];
afterEach(() => {
  for (const end of endings.splice(0)) end();
});

/** One token a step of each row, so that there is something to stop. */
const slow = createPipeline({
  ...values,
  sampler: {
    ...sampler(steps),
    request: (row) => row.masked.slice(0, 2),
    decide: (_, draws) => ({ commit: [...draws.positions.keys()], remask: [] }),
  },
});

/** Both ends of a channel, as two threads have them; what passes is cloned as it is between threads. */
function connect(serving: Parameters<typeof servePipeline>[1] = slow) {
  const { port1, port2 } = new MessageChannel();
  const stop = servePipeline(port2, serving);
  const remote = connectPipeline(port1);
  endings.push(() => {
    remote.close();
    stop();
    port1.close();
  });
  return { remote, port1, port2 };
}

async function eventsOf(stream: AsyncIterable<GenerationEvent>): Promise<GenerationEvent[]> {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
}

/** A pipeline that counts the events that it was asked for, and tells when a run was left. */
async function watched() {
  const inner = await slow;
  const seen = { events: 0, left: 0 };
  const pipeline: Pick<Pipeline, "stream" | "get"> = {
    get: inner.get,
    async *stream(asked) {
      try {
        for await (const event of inner.stream(asked)) {
          seen.events++;
          yield event;
        }
      } finally {
        seen.left++;
      }
    },
  };
  return { seen, pipeline };
}

describe("a pipeline at the other end of a channel", () => {
  it("gives the events and the texts of the one here", async () => {
    const { remote } = connect();
    const here = await slow;
    expect(await eventsOf(remote.stream(request))).toEqual(await eventsOf(here.stream(request)));
    expect(await remote.generate(request)).toEqual(await here.generate(request));
  });

  it("keeps runs apart that go on at once", async () => {
    const { remote } = connect();
    const here = await slow;
    const seeds = [1, 2, 3];
    const found = await Promise.all(seeds.map((seed) => remote.generate({ ...request, seed })));
    const expected = await Promise.all(seeds.map((seed) => here.generate({ ...request, seed })));
    expect(found).toEqual(expected);
    expect(new Set(found.map(({ texts }) => texts[0])).size).toBeGreaterThan(1);
  });

  it("computes nothing before it is asked for, and stops when its reader leaves", async () => {
    const { seen, pipeline } = await watched();
    const { remote } = connect(pipeline);
    for await (const event of remote.stream(request)) {
      expect(seen.events).toBe(event.kind === "step" ? event.step + 2 : 1);
      await new Promise((resolve) => setTimeout(resolve, 5)); // time enough to run ahead
      expect(seen.events).toBe(event.kind === "step" ? event.step + 2 : 1);
      if (event.kind === "step" && event.step === 1) break;
    }
    await remote.generate(request); // messages keep their order: the run before has been left
    expect(seen.left).toBe(2);
  });

  it("hears of an abort between two steps", async () => {
    const { seen, pipeline } = await watched();
    const { remote } = connect(pipeline);
    const controller = new AbortController();
    const read = async () => {
      for await (const event of remote.stream({ ...request, signal: controller.signal }))
        if (event.kind === "step") controller.abort();
    };
    await expect(read()).rejects.toSatisfy((error) => DiffusionError.is(error, "ABORTED"));
    expect(seen).toEqual({ events: 2, left: 1 });
    const early = remote.generate({ ...request, signal: AbortSignal.abort() });
    await expect(early).rejects.toThrow(/an abort before step 0.*\(ABORTED\)/);
  });

  it("throws what is thrown there, as it was", async () => {
    const { remote } = connect();
    const here = await slow;
    const bad = { prompts: ["abc"], length: 2 };
    const expected = await here.generate(bad).catch((error) => error);
    await expect(remote.generate(bad)).rejects.toSatisfy(
      (error) => DiffusionError.is(error, expected.code) && error.message === expected.message,
    );
    const failing = connect(Promise.reject(new TypeError("no model"))).remote;
    await expect(failing.generate(request)).rejects.toMatchObject({ name: "TypeError", message: "no model" });
  });

  it("refuses what cannot be sent, and goes on", async () => {
    const { remote } = connect();
    const constraint = { name: "any", start: () => undefined } as unknown as Constraint;
    await expect(remote.generate({ ...request, constraint })).rejects.toThrow(
      /another thread.*\(UNSUPPORTED\)/,
    );
    expect((await remote.generate(request)).texts).toHaveLength(2);
  });

  it("ends with an error when the other thread ends, and when it is closed", async () => {
    const lost = connect();
    const reading = eventsOf(lost.remote.stream(request));
    lost.port2.close();
    await expect(reading).rejects.toThrow(/\(RUNTIME_FAILED\)/);
    await expect(lost.remote.generate(request)).rejects.toThrow(/\(RUNTIME_FAILED\)/);
    const closed = connect();
    closed.remote.close();
    await expect(closed.remote.generate(request)).rejects.toThrow(/\(DISPOSED\)/);
  });

  it("leaves other messages on the channel alone", async () => {
    const { remote, port1, port2 } = connect();
    const others: unknown[] = [];
    port2.on("message", (data) => !data?.protocol && others.push(data));
    port1.postMessage({ kind: "stream", id: 1 });
    expect((await remote.generate(request)).texts).toHaveLength(2);
    expect(others).toEqual([{ kind: "stream", id: 1 }]);
  });
});
