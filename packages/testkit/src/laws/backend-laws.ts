import { type Backend, Random } from "@textdiffusion/core";
import { close, failsWith, holds } from "../expect-law.js";
import { type Law, type LawSkip, withSkips } from "../law.js";
import { type BackendProbe, type HostTensor, probeFormulas } from "../probes/backend-probe.js";

export interface BackendLawOptions {
  /** How to compute on the backend. Without one the laws of what it computes are left out, with that reason. */
  readonly probe?: BackendProbe;
  /** Relative error of what is computed, beside 1. Default 1e-4, for float32 on any device. */
  readonly tolerance?: number;
  readonly skip?: readonly LawSkip[];
}

/**
 * The laws of `Backend`: `refuses-before-start`, `starts-twice`, `starts-at-the-same-time`, `disposes-twice`,
 * `disposes-unstarted`, `starts-again`, `names-its-device`, `counts-its-memory`, `leaves-nothing`; with a probe also
 * `counts-what-is-held`, `computes-as-the-host`, `differentiates-as-the-host` (if it trains), `leaves-nothing-after-work`.
 * Shapes are random, and the host computes in doubles.
 *
 * @param make - makes a fresh backend that is not started
 */
export function backendLaws(
  make: () => Backend | Promise<Backend>,
  { probe, tolerance = 1e-4, skip }: BackendLawOptions = {},
): Law[] {
  const law = (name: string, check: (backend: Backend) => Promise<void>): Law => ({
    name,
    run: async () => {
      const backend = await make();
      try {
        await check(backend);
      } finally {
        await backend.dispose();
      }
    },
  });
  const working = (name: string, check: (backend: Backend, probe: BackendProbe) => Promise<void>): Law => {
    if (probe === undefined)
      return { name, skip: "no probe was given to compute with", run: () => undefined };
    return law(name, async (backend) => {
      await backend.start();
      await check(backend, probe);
    });
  };
  return withSkips(
    [
      law("refuses-before-start", async (backend) => {
        await failsWith("BACKEND_UNAVAILABLE", () => backend.capabilities, "capabilities before start");
      }),
      law("starts-twice", async (backend) => {
        await backend.start();
        await backend.start();
      }),
      law("starts-at-the-same-time", async (backend) => {
        await Promise.all([backend.start(), backend.start()]);
        holds(
          backend.capabilities.device !== "",
          () => "expected a device after two starts at once, got none",
        );
      }),
      law("disposes-twice", async (backend) => {
        await backend.start();
        await backend.dispose();
        await backend.dispose();
      }),
      law("disposes-unstarted", async (backend) => {
        await backend.dispose();
      }),
      law("starts-again", async (backend) => {
        await backend.start();
        await backend.dispose();
        await backend.start();
        holds(backend.capabilities.device !== "", () => "expected a device after starting again, got none");
      }),
      law("names-its-device", async (backend) => {
        await backend.start();
        const { device, precision, trains } = backend.capabilities;
        holds(
          device.trim() !== "" && ["float32", "float16"].includes(precision) && typeof trains === "boolean",
          () =>
            `expected a device in words, float32 or float16 and whether it trains, got "${device}", ${precision}, ${trains}`,
        );
      }),
      law("counts-its-memory", async (backend) => {
        await backend.start();
        const { tensors, bytes } = backend.memory();
        holds(
          Number.isInteger(tensors) && tensors >= 0 && Number.isFinite(bytes) && bytes >= 0,
          () => `expected counts of at least 0, got ${tensors} tensors and ${bytes} bytes`,
        );
      }),
      law("leaves-nothing", async (backend) => {
        await backend.start();
        const before = backend.memory().tensors;
        await backend.start();
        const after = backend.memory().tensors;
        holds(after === before, () => `expected ${before} tensors after starting again, got ${after}`);
      }),
      working("counts-what-is-held", async (backend, { hold }) => {
        const before = backend.memory();
        const release = hold([10, 7]);
        const during = backend.memory();
        release();
        const after = backend.memory();
        holds(
          during.tensors === before.tensors + 1 && during.bytes >= before.bytes + 70,
          () =>
            `expected one tensor and at least 70 bytes more, got ${during.tensors - before.tensors} and ${during.bytes - before.bytes}`,
        );
        holds(
          after.tensors === before.tensors && after.bytes === before.bytes,
          () =>
            `expected ${before.tensors} tensors and ${before.bytes} bytes once it is freed, got ${after.tensors} and ${after.bytes}`,
        );
      }),
      working("computes-as-the-host", async (_, { compute }) => {
        for (const { name, inputs, expected } of problems()) {
          sameNumbers(await compute(name, inputs), expected, tolerance, describe(name, inputs));
        }
      }),
      working("differentiates-as-the-host", async (backend, { differentiate }) => {
        if (!backend.capabilities.trains) return; // it does not say that it can
        for (const { name, inputs, weights } of problems()) {
          const gradients = await differentiate(name, inputs, weights);
          for (const [index, gradient] of gradients.entries()) {
            const what = `the gradient of input ${index} of ${describe(name, inputs)}`;
            sameNumbers(gradient, gradientOnHost(name, inputs, weights, index), tolerance, what);
          }
        }
      }),
      working("leaves-nothing-after-work", async (backend, { compute, differentiate }) => {
        const [{ name, inputs, weights }] = problems();
        const work = async () => {
          await compute(name, inputs);
          if (backend.capabilities.trains) await differentiate(name, inputs, weights);
        };
        await work(); // what a first call caches may stay
        const before = backend.memory();
        await work();
        const after = backend.memory();
        holds(
          after.tensors === before.tensors && after.bytes === before.bytes,
          () =>
            `expected ${before.tensors} tensors and ${before.bytes} bytes after work, got ${after.tensors} and ${after.bytes}`,
        );
      }),
    ],
    skip,
  );
}

// --- internal ---

interface Problem {
  readonly name: string;
  readonly inputs: readonly HostTensor[];
  readonly expected: Float64Array;
  readonly weights: HostTensor;
}

/** Each formula on shapes that are drawn, a single number and odd sizes among them. */
function problems(): Problem[] {
  const random = Random.fromSeed(23);
  return Object.entries(probeFormulas).flatMap(([name, formula]) =>
    Array.from({ length: 4 }, (_, round) => {
      const stream = random.split(name, round);
      const size = (at: number) => (round === 0 ? 1 : 1 + stream.integer(round === 1 ? 4 : 17, at));
      const sizes = [size(0), size(1), size(2)] as const;
      const numbers = (shape: readonly number[], purpose: number | string): HostTensor => {
        const source = stream.split(purpose);
        const count = shape.reduce((product, length) => product * length, 1);
        // As float32 has them, so that both sides begin with the same numbers.
        return { shape, values: Float32Array.from({ length: count }, (_, at) => 4 * source.uniform(at) - 2) };
      };
      const inputs = formula.shapes(...sizes).map((shape, index) => numbers(shape, index));
      return {
        name,
        inputs,
        expected: formula.compute(inputs),
        weights: numbers(formula.output(...sizes), "weights"),
      };
    }),
  );
}

/** By Richardson's difference in doubles: off by the fourth power of the step. */
function gradientOnHost(
  name: string,
  inputs: readonly HostTensor[],
  weights: HostTensor,
  index: number,
): Float64Array {
  const values = Float64Array.from(inputs[index].values);
  const shifted = inputs.map((input, at) => (at === index ? { ...input, values } : input));
  const scalar = () =>
    probeFormulas[name].compute(shifted).reduce((sum, value, at) => sum + value * weights.values[at], 0);
  return values.map((value, at) => {
    const difference = (step: number) => {
      values[at] = value + step;
      const above = scalar();
      values[at] = value - step;
      const below = scalar();
      values[at] = value;
      return (above - below) / (2 * step);
    };
    return (4 * difference(5e-4) - difference(1e-3)) / 3;
  });
}

function sameNumbers(
  actual: ArrayLike<number>,
  expected: Float64Array,
  tolerance: number,
  what: string,
): void {
  holds(
    actual.length === expected.length,
    () => `expected ${what} to have ${expected.length} numbers, got ${actual.length}`,
  );
  for (const [at, value] of expected.entries()) {
    close(actual[at], value, tolerance * Math.max(1, Math.abs(value)), `${what} at ${at}`);
  }
}

function describe(name: string, inputs: readonly HostTensor[]): string {
  return `${name} of ${inputs.map(({ shape }) => `[${shape.join(", ")}]`).join(" and ")}`;
}
