import { getKernel, type KernelFunc, registerKernel, unregisterKernel } from "@tensorflow/tfjs-core";

/**
 * Puts a kernel in the place of the registered one, if there is one. Its set-up stays, since the replacement may call
 * the original.
 *
 * @param replace - given the original (undefined where the backend lacks the kernel), the kernel to use
 */
export function replaceKernel(
  kernelName: string,
  backendName: string,
  replace: (original: KernelFunc | undefined) => KernelFunc,
): void {
  const original = getKernel(kernelName, backendName);
  if (original) unregisterKernel(kernelName, backendName); // registering twice would warn on the console
  registerKernel({ ...original, kernelName, backendName, kernelFunc: replace(original?.kernelFunc) });
}
