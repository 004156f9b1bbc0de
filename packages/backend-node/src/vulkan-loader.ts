import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Whether the system finds Vulkan's loader, as `dlopen` looks for it. Where it does not, Dawn writes a warning to the
 * terminal by itself, also of who only asked what there is.
 */
export function hasVulkanLoader(): boolean {
  if (process.platform !== "linux") return true; // Dawn uses what the system brings
  const folders = ["/lib", "/usr/lib", ...(process.env.LD_LIBRARY_PATH ?? "").split(":")];
  if (folders.some((folder) => folder !== "" && existsSync(join(folder, loader)))) return true;
  try {
    return readFileSync("/etc/ld.so.cache").includes(loader);
  } catch {
    return true; // another C library than GNU's: Dawn has to try
  }
}

// --- internal ---

const loader = "libvulkan.so.1";
