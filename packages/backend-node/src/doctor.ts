import { freemem, totalmem } from "node:os";
import * as tf from "@tensorflow/tfjs-core";
import { examineBackends } from "@textdiffusion/tfjs-backends";
import type { ExaminedBackend } from "@textdiffusion/tfjs-backends/options";
import { backendEntries, nodePlatform } from "./backends.js";
import { type GraphicsFinding, graphicsProcessors } from "./graphics.js";
import { cpuModel } from "./machine.js";
import { installedVersion } from "./package-version.js";

export interface BackendFinding extends ExaminedBackend {
  /** Version of each npm package that the backend needs, undefined where it is not installed. */
  readonly packages: Readonly<Record<string, string | undefined>>;
}

export interface DoctorReport {
  /** `v20.20.2` */
  readonly node: string;
  /** `linux-x64` */
  readonly platform: string;
  readonly processor: string;
  readonly memoryBytes: number;
  readonly freeMemoryBytes: number;
  /** Version of tfjs-core. */
  readonly tfjs: string;
  readonly graphics: readonly GraphicsFinding[];
  /** In the order in which "auto" tries them. */
  readonly backends: readonly BackendFinding[];
}

/** What this machine can do: starts each backend in turn and leaves the active one as it was. */
export async function doctor(): Promise<DoctorReport> {
  const examined = await examineBackends(nodePlatform, {});
  const backends = examined.map((finding, index) => ({
    ...finding,
    packages: Object.fromEntries(
      backendEntries[index].packages.map((name) => [name, installedVersion(name)]),
    ),
  }));
  return {
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    processor: cpuModel(),
    memoryBytes: totalmem(),
    freeMemoryBytes: freemem(),
    tfjs: tf.version_core,
    graphics: await graphicsProcessors(),
    backends,
  };
}
