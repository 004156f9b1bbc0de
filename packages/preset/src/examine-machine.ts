import { arch, cpus, platform, totalmem } from "node:os";
import * as tf from "@tensorflow/tfjs-core";
import {
  byName,
  type ComponentKind,
  componentKinds,
  createPipeline,
  type Plugin,
  Registry,
} from "@textdiffusion/core";
import { defaultPlugins } from "./default-plugins.js";
import { presetVersion } from "./preset-version.js";

export type BackendReport =
  | {
      readonly name: string;
      readonly started: true;
      readonly device: string;
      readonly trains: boolean;
      /** Multiplications and additions of a matrix product, per second. */
      readonly operationsPerSecond: number;
    }
  | { readonly name: string; readonly started: false; readonly problem: string };

/** What a machine can do, as plain data. */
export interface MachineReport {
  readonly system: {
    /** Of this package. */
    readonly version: string;
    readonly node: string;
    readonly platform: string;
    readonly processor: string;
    readonly processors: number;
    readonly memoryBytes: number;
  };
  readonly backends: readonly BackendReport[];
  /** Every component that a config may name. */
  readonly components: Readonly<
    Record<ComponentKind, readonly { name: string; description: string; plugin: string }[]>
  >;
}

/**
 * Starts every backend in turn and measures it for a moment.
 *
 * @param options - `plugins`: besides the default ones
 * @throws DiffusionError `PLUGIN_INVALID`, `DUPLICATE_COMPONENT`
 */
export async function examineMachine(
  options: { readonly plugins?: readonly Plugin[] } = {},
): Promise<MachineReport> {
  const plugins = [...defaultPlugins, ...(options.plugins ?? [])];
  const registry = new Registry(plugins);
  const backends: BackendReport[] = [];
  for (const name of registry.names("backend")) {
    if (name !== "auto") backends.push(await examineBackend(name, plugins));
  }
  return {
    system: {
      version: presetVersion(),
      node: process.versions.node,
      platform: `${platform()}-${arch()}`,
      processor: cpus()[0]?.model.trim() ?? "unknown processor",
      processors: cpus().length,
      memoryBytes: totalmem(),
    },
    backends,
    components: Object.fromEntries(
      componentKinds.map((kind) => [kind, registry.list(kind)]),
    ) as unknown as MachineReport["components"],
  };
}

// --- internal ---

async function examineBackend(name: string, plugins: readonly Plugin[]): Promise<BackendReport> {
  const pipeline = await createPipeline({ plugins, backend: byName(name) });
  try {
    const { capabilities } = await pipeline.get("backend");
    const { device, trains } = capabilities;
    return { name, started: true, device, trains, operationsPerSecond: await matrixSpeed() };
  } catch (error) {
    return { name, started: false, problem: error instanceof Error ? error.message : String(error) };
  } finally {
    await pipeline.dispose();
  }
}

/** Products of 256 x 256 matrices for about a fifth of a second, after one to warm up. */
async function matrixSpeed(): Promise<number> {
  const size = 256;
  const matrix = tf.fill([size, size], 0.5);
  try {
    let products = 0;
    let startedAt = 0;
    let elapsedMs = 0;
    while (elapsedMs < 200) {
      const product = tf.matMul(matrix, matrix);
      await product.data();
      product.dispose();
      if (startedAt === 0) startedAt = performance.now();
      else products++;
      elapsedMs = performance.now() - startedAt;
    }
    return (products * 2 * size ** 3 * 1000) / elapsedMs;
  } finally {
    matrix.dispose();
  }
}
