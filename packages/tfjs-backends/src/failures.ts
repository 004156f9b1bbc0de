import { getKernelsForBackend, type KernelBackend } from "@tensorflow/tfjs-core";
import { DiffusionError } from "@textdiffusion/core";
import { replaceKernel } from "./fixes/replace-kernel.js";

/**
 * Errors of memory that kernels throw become ours. Other errors pass, those about shapes for example.
 *
 * @param component - of the platform, which speaks in messages
 */
export function guardKernels(component: string, backendName: string): void {
  for (const { kernelName } of getKernelsForBackend(backendName)) {
    replaceKernel(kernelName, backendName, (original) => (call) => {
      try {
        return original!(call);
      } catch (error) {
        if (!isMemoryError(error)) throw error;
        throw failure(component, backendName, String(error), error);
      }
    });
  }
}

/**
 * A graphics processor that fails computes on in silence: its results are zeros, or never come. After a failure each read of
 * the backend, those that wait too, is an error.
 *
 * @returns to be called with what was seen when the device fails; the first call counts
 */
export function failReads(
  component: string,
  backendName: string,
  backend: KernelBackend,
): (seen: string) => void {
  let fail: (seen: string) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = (seen) => reject(failure(component, backendName, seen));
  });
  failed.catch(() => undefined); // it may fail while nobody reads
  const read = backend.read.bind(backend);
  backend.read = (dataId) => Promise.race([failed, read(dataId)]);
  return fail;
}

/** The error of a backend that has no memory for so many bytes more. */
export function outOfMemory(component: string, backendName: string, bytes: number): DiffusionError {
  return failure(component, backendName, `no memory for ${bytes} bytes more`);
}

// --- internal ---

function isMemoryError(error: unknown): boolean {
  if (DiffusionError.is(error)) return false;
  return /out of memory|OOM|out of bounds|allocat|Maximum memory/i.test(String(error));
}

function failure(component: string, backendName: string, seen: string, cause?: unknown): DiffusionError {
  const isMemory = /memory|OOM|allocat/i.test(seen);
  return new DiffusionError({
    code: "RUNTIME_FAILED",
    component: `${component}/${backendName}`,
    problem: `expected the device to compute, got ${seen.replace(/\.$/, "")}`,
    remedy: isMemory
      ? "Write shorter or fewer texts at a time, close what else uses its memory, or take a smaller model; then load the model again"
      : 'Load the model again, or on the backend "wasm"',
    cause,
  });
}
