import { execFile } from "node:child_process";
import { promisify } from "node:util";

export interface NvidiaProcessor {
  readonly name: string;
  readonly memoryBytes: number;
  /** Version of the driver. */
  readonly driver: string;
}

/** What NVIDIA's driver lists; empty where there is no driver. */
export async function nvidiaProcessors(): Promise<NvidiaProcessor[]> {
  try {
    const query = ["--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits"];
    const { stdout } = await promisify(execFile)("nvidia-smi", query, { timeout: 10_000 });
    return processorsIn(stdout);
  } catch {
    return [];
  }
}

/** Lines as `NVIDIA H100 80GB HBM3, 81559, 550.54.15`, the memory in MiB. */
export function processorsIn(listing: string): NvidiaProcessor[] {
  return listing.split("\n").flatMap((line) => {
    const [name, mebibytes, driver] = line.split(",").map((part) => part.trim());
    return driver ? [{ name, memoryBytes: Number(mebibytes) * 2 ** 20, driver }] : [];
  });
}
