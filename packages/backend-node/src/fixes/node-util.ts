import { createRequire } from "node:module";

/**
 * Trap: @tensorflow/tfjs-node 4.22.0 calls `util.isNullOrUndefined` and `util.isArray`, which Node 23 removed: every tensor that
 * it makes is a TypeError.
 *
 * Repair: gives them back to the module that it reads them from, where they are missing.
 */
export function repairNodeUtil(): void {
  const util = createRequire(import.meta.url)("node:util") as Record<string, unknown>;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}
