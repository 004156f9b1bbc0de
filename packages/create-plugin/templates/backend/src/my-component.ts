import { type Backend, DiffusionError } from "@textdiffusion/core";
import { z } from "zod";

export const myComponentOptions = z.strictObject({
  backend: z
    .unknown()
    .describe("The backend that is watched: a name, a name with options, or the thing itself."),
  allowed: z.int().min(0).default(0).describe("Tensors that may be left when it is disposed of."),
});

/** What `myComponentBackend` is made of. */
export interface MyComponentParts {
  /** Stays with who made it: dispose of it after this one. */
  readonly backend: Backend;
  /** Default 0. */
  readonly allowed?: number;
}

/**
 * Another backend, watched: disposing of it fails when tensors are left that nobody disposed of, and says how many.
 * For tests and for development; it computes what the other one computes, where that one computes it.
 *
 * `dispose()` throws `RUNTIME_FAILED` for more tensors than there were at the start and than are allowed.
 */
export function myComponentBackend({ backend, allowed = 0 }: MyComponentParts): Backend {
  let before: number | undefined; // undefined while it is not started
  return {
    name: `my-component of ${backend.name}`,
    get capabilities() {
      if (before !== undefined) return backend.capabilities;
      throw new DiffusionError({
        code: "BACKEND_UNAVAILABLE",
        component: "my-component/backend",
        problem: "expected a started backend, got one that is not",
        remedy: "Await start() first",
      });
    },
    start: async () => {
      await backend.start();
      before ??= backend.memory().tensors;
    },
    memory: () => backend.memory(),
    dispose: async () => {
      if (before === undefined) return;
      const left = backend.memory().tensors - before;
      before = undefined;
      if (left <= allowed) return;
      throw new DiffusionError({
        code: "RUNTIME_FAILED",
        component: "my-component/backend",
        problem: `expected at most ${allowed} tensors to be left on ${backend.name}, got ${left}`,
        remedy: "Who made them? Dispose of them, or run the code in tf.tidy",
        details: { left, allowed },
      });
    },
  };
}
