import { type Backend, DiffusionError } from "@textdiffusion/core";
import { describe, expect, it } from "vitest";
import { type BackendProbe, backendLaws, type HostTensor, type Law, probeFormulas } from "../index.js";

/** A backend on paper: it counts what is held, and computes on the host. */
function paper(): Backend & { readonly probe: BackendProbe } {
  let live = false;
  let tensors = 0;
  return {
    name: "paper",
    get capabilities() {
      if (live) return { trains: true, precision: "float32", device: "a sheet of paper" } as const;
      throw new DiffusionError({ code: "BACKEND_UNAVAILABLE", component: "x/y", problem: "x", remedy: "y" });
    },
    start: async () => {
      live = true;
    },
    dispose: async () => {
      live = false;
    },
    memory: () => ({ tensors, bytes: 280 * tensors }),
    probe: {
      compute: async (formula, inputs) => probeFormulas[formula].compute(inputs),
      differentiate: async (formula, inputs, weights) =>
        inputs.map((input, index) =>
          Array.from(input.values, (value, at) => {
            const moved = (by: number) => {
              const values = Float64Array.from(input.values).fill(value + by, at, at + 1);
              const all = inputs.map((other, place) => (place === index ? { ...input, values } : other));
              return weighted(probeFormulas[formula].compute(all), weights);
            };
            return (moved(1e-4) - moved(-1e-4)) / 2e-4;
          }),
        ),
      hold: () => {
        tensors++;
        return () => void tensors--;
      },
    },
  };
}

const weighted = (values: Float64Array, weights: HostTensor) =>
  values.reduce((sum, value, at) => sum + value * weights.values[at], 0);

/** The names of the laws that break; skipped ones are not asked. */
async function broken(laws: readonly Law[]): Promise<string[]> {
  const names: string[] = [];
  for (const law of laws.filter(({ skip }) => skip === undefined)) {
    try {
      await law.run();
    } catch {
      names.push(law.name);
    }
  }
  return names;
}

describe("backendLaws", () => {
  it("hold for a backend on paper", async () => {
    const one = paper();
    expect(await broken(backendLaws(() => one, { probe: one.probe }))).toEqual([]);
  });

  it("leave out what it computes without a probe, and say so", () => {
    const skipped = backendLaws(paper).filter(({ skip }) => skip !== undefined);
    expect(skipped.map(({ name }) => name)).toEqual([
      "counts-what-is-held",
      "computes-as-the-host",
      "differentiates-as-the-host",
      "leaves-nothing-after-work",
    ]);
    expect(new Set(skipped.map(({ skip }) => skip))).toEqual(new Set(["no probe was given to compute with"]));
  });

  const wrongBackends: Record<string, [(backend: Backend) => Partial<Backend>, string[]]> = {
    "a second start that fails": [
      () => ({ start: failsOnCall(2) }),
      ["starts-twice", "starts-at-the-same-time", "starts-again", "names-its-device", "leaves-nothing"],
    ],
    "a dispose before the start that fails": [
      (backend) => ({
        dispose: async () => {
          void backend.capabilities;
          await backend.dispose();
        },
      }),
      ["refuses-before-start", "disposes-twice", "disposes-unstarted"],
    ],
    "memory that is no number": [
      () => ({ memory: () => ({ tensors: Number.NaN, bytes: 0 }) }),
      ["counts-its-memory", "leaves-nothing"],
    ],
  };
  it.each(Object.entries(wrongBackends))("catch %s", async (_, [change, breaks]) => {
    const make = () => {
      const backend = paper();
      return Object.defineProperties(
        Object.create(backend),
        Object.getOwnPropertyDescriptors(change(backend)),
      );
    };
    expect(await broken(backendLaws(make))).toEqual(breaks);
  });

  const wrongProbes: Record<string, [(probe: BackendProbe) => Partial<BackendProbe>, string[]]> = {
    "a product of the wrong sides": [
      (probe) => ({
        compute: async (formula, inputs) =>
          formula === "product" ? new Float64Array(inputs[0].values.length) : probe.compute(formula, inputs),
      }),
      ["computes-as-the-host"],
    ],
    "gradients that are doubled": [
      (probe) => ({
        differentiate: async (...asked) =>
          (await probe.differentiate(...asked)).map((gradient) => Array.from(gradient, (value) => 2 * value)),
      }),
      ["differentiates-as-the-host"],
    ],
    "a tensor that is never freed": [
      (probe) => ({
        hold: (shape) => {
          probe.hold(shape);
          return () => undefined;
        },
      }),
      ["counts-what-is-held"],
    ],
    "work that leaves a tensor": [
      (probe) => ({
        compute: (formula, inputs) => {
          probe.hold([1]);
          return probe.compute(formula, inputs);
        },
      }),
      ["leaves-nothing-after-work"],
    ],
  };
  it.each(Object.entries(wrongProbes))("catch %s", async (_, [change, breaks]) => {
    const backend = paper();
    const probe = { ...backend.probe, ...change(backend.probe) };
    expect(await broken(backendLaws(() => backend, { probe }))).toEqual(breaks);
  });
});

function failsOnCall(number: number): () => Promise<void> {
  let calls = 0;
  return async () => {
    if (++calls === number) throw new Error("not again");
  };
}
