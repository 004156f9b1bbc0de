import * as tf from "@tensorflow/tfjs-core";
import type { BackendPlatform } from "./backend-entry.js";
import type { BackendOptions, ExaminedBackend } from "./options.js";
import { TfjsBackend } from "./tfjs-backend.js";

/** Starts each backend in turn, in the order in which "auto" tries them, and leaves the active one as it was. */
export async function examineBackends<Options extends BackendOptions>(
  platform: BackendPlatform<Options>,
  options: Options,
): Promise<ExaminedBackend[]> {
  const active = tf.getBackend();
  const findings: ExaminedBackend[] = [];
  for (const entry of platform.entries) {
    const { name, description } = entry;
    const backend = new TfjsBackend(platform, entry, options);
    try {
      await backend.start();
      findings.push({ name, description, device: backend.capabilities.device });
    } catch (error) {
      findings.push({ name, description, problem: error instanceof Error ? error.message : String(error) });
    } finally {
      await backend.dispose();
    }
  }
  if (active && tf.engine().registry[active]) await tf.setBackend(active);
  return findings;
}
