import { arch, cpus, platform, totalmem } from "node:os";
import * as tf from "@tensorflow/tfjs-core";
import {
  computingPackages,
  type GraphicsFinding,
  graphicsProcessors,
  type PassedBy,
} from "@textdiffusion/backend-node";
import {
  type Backend,
  byName,
  type ComponentKind,
  componentKinds,
  createPipeline,
  DiffusionError,
  type Pipeline,
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
      /** Versions of the npm packages that it computes with. */
      readonly packages: Readonly<Record<string, string>>;
      /** Multiplications and additions of a matrix product, per second. */
      readonly operationsPerSecond: number;
    }
  | {
      readonly name: string;
      readonly started: false;
      readonly problem: string;
      /** The command that brings what is missing, where that is all that it needs. */
      readonly install?: string;
    };

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
  readonly graphics: readonly GraphicsFinding[];
  readonly backends: readonly BackendReport[];
  /** What `auto` is here, and why it is none of the others; undefined where nothing starts. */
  readonly auto?: { readonly name: string; readonly passedBy: readonly PassedBy[] };
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
    graphics: await graphicsProcessors(),
    backends,
    auto: await examineAuto(plugins),
    components: Object.fromEntries(
      componentKinds.map((kind) => [kind, registry.list(kind)]),
    ) as unknown as MachineReport["components"],
  };
}

// --- internal ---

async function examineBackend(name: string, plugins: readonly Plugin[]): Promise<BackendReport> {
  let pipeline: Pipeline | undefined;
  try {
    pipeline = await createPipeline({ plugins, backend: byName(name) });
    const { capabilities } = await pipeline.get("backend");
    const { device, trains } = capabilities;
    const packages = computingPackages(name);
    return { name, started: true, device, trains, packages, operationsPerSecond: await matrixSpeed() };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    const install = DiffusionError.is(error) ? (error.details.install as string | undefined) : undefined;
    return { name, started: false, problem, install };
  } finally {
    await pipeline?.dispose().catch(() => undefined); // throws the failed start again
  }
}

async function examineAuto(plugins: readonly Plugin[]): Promise<MachineReport["auto"]> {
  let pipeline: Pipeline | undefined;
  try {
    pipeline = await createPipeline({ plugins, backend: "auto" });
    const { name, passedBy = [] } = (await pipeline.get("backend")) as Backend & {
      readonly passedBy?: readonly PassedBy[];
    };
    return { name, passedBy };
  } catch {
    return undefined; // each of the backends has said why
  } finally {
    await pipeline?.dispose().catch(() => undefined); // throws the failed start again
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
