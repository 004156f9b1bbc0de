// Gives WebGPU in Node a graphics processor where the machine has none: SwiftShader, which Debian's Chromium brings along with the
// loader of Vulkan. It computes on the processor, slowly and exactly enough for tests. As vitest's global setup it changes the
// environment of the workers; the loader's folder must be there before a process begins.
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const chromium = "/usr/lib/chromium";

/** Variables for a process that shall find SwiftShader; none where Chromium is not there or a Vulkan driver has been chosen. */
export function softwareGraphics() {
  const description = join(chromium, "vk_swiftshader_icd.json");
  const loader = join(chromium, "libvulkan.so.1");
  if (process.env.VK_DRIVER_FILES || !existsSync(description) || !existsSync(loader)) return {};
  const folder = mkdtempSync(join(tmpdir(), "textdiffusion-vulkan-"));
  const driver = JSON.parse(readFileSync(description, "utf8"));
  driver.ICD.library_path = join(dirname(description), driver.ICD.library_path);
  const file = join(folder, "swiftshader.json");
  writeFileSync(file, JSON.stringify(driver));
  symlinkSync(loader, join(folder, "libvulkan.so.1")); // not Chromium's whole folder, which has more libraries
  const libraries = [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(":");
  return { VK_DRIVER_FILES: file, VK_ICD_FILENAMES: file, LD_LIBRARY_PATH: libraries };
}

export default function setup() {
  const variables = softwareGraphics();
  Object.assign(process.env, variables);
  return () => {
    if (variables.VK_DRIVER_FILES) rmSync(dirname(variables.VK_DRIVER_FILES), { recursive: true });
  };
}
