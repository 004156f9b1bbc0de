import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const places = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

/** A browser of this machine; undefined where there is none. CHROMIUM names another. */
export const browserPath = places.find((path) => path !== undefined && existsSync(path));

/** Say it in a test's name where the test is skipped. */
export const whyNoBrowser =
  browserPath === undefined ? " (skipped: no Chromium here; CHROMIUM names one)" : "";

/**
 * Starts it so that it asks nobody for anything. The caller closes it.
 *
 * @param graphics - whether WebGPU and WebGL are there, imitated on the processor (SwiftShader, which Chromium brings)
 */
export function openBrowser({ graphics = false } = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: browserPath,
    args: [
      "--no-sandbox",
      ...(graphics ? imitatedGraphics : ["--disable-gpu"]),
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

// --- internal ---

const imitatedGraphics = [
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan",
  "--enable-unsafe-swiftshader",
  "--use-angle=swiftshader",
  "--ignore-gpu-blocklist",
];
