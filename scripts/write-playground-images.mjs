// The pictures of the playground in docs/images: node scripts/write-playground-images.mjs, where there is a Chromium (CHROMIUM names
// one). Look at them: they are what readers of the README see first.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { build, preview } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));
const configFile = join(root, "apps/playground/vite.config.ts");
const site = mkdtempSync(join(tmpdir(), "textdiffusion-images-"));

/** Name, theme, width in CSS pixels, settings, and how many steps back from the end. */
const pictures = [
  ["playground-light", "light", 1000, "", 0],
  ["playground-dark", "dark", 1000, "", 34],
  ["playground-phone", "light", 390, "", 24],
  ["playground-compare", "light", 1200, "&steps=48&sampler2=confidence&steps2=24", 30],
];

await build({ configFile, logLevel: "error", build: { outDir: site, emptyOutDir: true } });
const server = await preview({
  configFile,
  build: { outDir: site },
  preview: { port: 0, strictPort: false },
});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
for (const [name, colorScheme, width, settings, back] of pictures) {
  const page = await browser.newPage({
    colorScheme,
    reducedMotion: "reduce",
    viewport: { width, height: 900 },
  });
  await page.goto(`${server.resolvedUrls.local[0]}#backend=wasm${settings}`);
  await page.getByRole("button", { name: "Generate" }).click();
  await page
    .getByRole("status")
    .getByText(/^Written after/)
    .waitFor({ timeout: 120_000 });
  await page.locator("text-diffusion").focus();
  for (let step = 0; step < back; step++) await page.keyboard.press("ArrowLeft");
  await page.evaluate(() => document.activeElement.blur());
  await page.screenshot({ path: join(root, "docs/images", `${name}.png`), fullPage: true });
  console.log(`docs/images/${name}.png`);
  await page.close();
}
await browser.close();
await server.close();
rmSync(site, { recursive: true, force: true });
