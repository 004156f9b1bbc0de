import { freemem, totalmem } from "node:os";
import * as tf from "@tensorflow/tfjs-core";
import { backendEntries } from "./backends.js";
import { installedVersion } from "./installed-versions.js";
import { cpuModel } from "./machine.js";
import { NodeBackend } from "./node-backend.js";

export interface BackendFinding {
  readonly name: string;
  readonly description: string;
  /** Version of each npm package that the backend needs, undefined where it is not installed. */
  readonly packages: Readonly<Record<string, string | undefined>>;
  /** The device in words when the backend starts. */
  readonly device?: string;
  /** Why the backend does not start, and what to do. */
  readonly problem?: string;
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
  /** In the order in which "auto" tries them. */
  readonly backends: readonly BackendFinding[];
}

/** What this machine can do: starts each backend in turn and leaves the active one as it was. */
export async function doctor(): Promise<DoctorReport> {
  const active = tf.getBackend();
  const backends: BackendFinding[] = [];
  for (const entry of backendEntries) {
    const backend = new NodeBackend(entry);
    const packages = Object.fromEntries(entry.packages.map((name) => [name, installedVersion(name)]));
    const finding = { name: entry.name, description: entry.description, packages };
    try {
      await backend.start();
      backends.push({ ...finding, device: backend.capabilities.device });
    } catch (error) {
      backends.push({ ...finding, problem: error instanceof Error ? error.message : String(error) });
    } finally {
      await backend.dispose();
    }
  }
  if (active && tf.engine().registry[active]) await tf.setBackend(active);
  return {
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    processor: cpuModel(),
    memoryBytes: totalmem(),
    freeMemoryBytes: freemem(),
    tfjs: tf.version_core,
    backends,
  };
}
