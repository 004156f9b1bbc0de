import { cpus } from "node:os";

/** The processor in words: `2 x AMD EPYC 7B13`. */
export function cpuModel(): string {
  const processors = cpus(); // empty where the system does not tell
  return `${Math.max(1, processors.length)} x ${processors[0]?.model.trim() || process.arch}`;
}
