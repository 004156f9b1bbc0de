import * as tf from "@tensorflow/tfjs-core";
import { examineBackends } from "@textdiffusion/tfjs-backends";
import type { ExaminedBackend } from "@textdiffusion/tfjs-backends/options";
import { webPlatform } from "./backends.js";
import { page, threadsHere } from "./page.js";
import type { WebBackendOptions } from "./web-backend-options.js";

export interface DoctorReport {
  /** Whether threads may share memory: the page was served with the headers of cross-origin isolation. */
  readonly isolated: boolean;
  /** Threads that may share memory. */
  readonly threads: number;
  readonly processors: number | undefined;
  /** Version of tfjs-core. */
  readonly tfjs: string;
  /** In the order in which "auto" tries them. */
  readonly backends: readonly ExaminedBackend[];
}

/** What this browser can do: starts each backend in turn and leaves the active one as it was. */
export async function doctor(options: WebBackendOptions = {}): Promise<DoctorReport> {
  return {
    isolated: page.crossOriginIsolated === true,
    threads: threadsHere(),
    processors: page.navigator?.hardwareConcurrency,
    tfjs: tf.version_core,
    backends: await examineBackends(webPlatform, options),
  };
}
