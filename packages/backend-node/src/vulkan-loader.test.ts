import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { hasVulkanLoader } from "./vulkan-loader.js";
import { adapterOfDawn } from "./webgpu-entry.js";

afterEach(() => vi.unstubAllEnvs());
const isLinux = process.platform === "linux";

it.skipIf(!isLinux)(
  "finds the loader where the environment says that libraries lie (Linux alone has one)",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "vulkan-"));
    writeFileSync(join(folder, "libvulkan.so.1"), "");
    vi.stubEnv("LD_LIBRARY_PATH", `/nowhere:${folder}`);
    expect(hasVulkanLoader()).toBe(true);
    rmSync(folder, { recursive: true });
  },
);

vi.stubEnv("LD_LIBRARY_PATH", "");
const hasOwn = hasVulkanLoader();
vi.unstubAllEnvs();

it.skipIf(hasOwn)(
  "without it there is no graphics processor, and the error says what to install (skipped where the system has one)",
  async () => {
    vi.stubEnv("LD_LIBRARY_PATH", "");
    await expect(adapterOfDawn()).rejects.toThrow(
      /got none. Install the Vulkan loader.*\(BACKEND_UNAVAILABLE\)/,
    );
  },
);
