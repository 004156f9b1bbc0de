import type { Backend } from "@textdiffusion/core";
import { holds } from "../expect-law.js";
import { type Law, type LawSkip, withSkips } from "../law.js";

export interface BackendLawOptions {
  readonly skip?: readonly LawSkip[];
}

/**
 * The laws of `Backend`: `starts-twice`, `disposes-twice`, `names-its-device`, `counts-its-memory`, `leaves-nothing`.
 * What a backend computes is tested where the operations are.
 *
 * @param make - makes a fresh backend that is not started
 */
export function backendLaws(make: () => Backend | Promise<Backend>, { skip }: BackendLawOptions = {}): Law[] {
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
  return withSkips(
    [
      law("starts-twice", async (backend) => {
        await backend.start();
        await backend.start();
      }),
      law("disposes-twice", async (backend) => {
        await backend.start();
        await backend.dispose();
        await backend.dispose();
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
    ],
    skip,
  );
}
