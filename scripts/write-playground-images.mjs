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

/** Name, theme, width in CSS pixels, settings, how many steps back from the end, and what is done then. */
const pictures = [
  ["playground-light", "light", 1000, "", 0],
  ["playground-dark", "dark", 1000, "", 34],
  ["playground-phone", "light", 390, "", 24],
  ["playground-compare", "light", 1200, "&steps=48&sampler2=confidence&steps2=24", 30],
  ["playground-editing", "light", 1000, "&steps=24&length=96", 10, edit],
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
for (const [name, colorScheme, width, settings, back, act] of pictures) {
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
  await act?.(page);
  await page.screenshot({ path: join(root, "docs/images", `${name}.png`), fullPage: true });
  console.log(`docs/images/${name}.png`);
  await page.close();
}
{
  const page = await browser.newPage({ colorScheme: "light", viewport: { width: 1000, height: 900 } });
  await page.goto(`${server.resolvedUrls.local[0]}?view=training`);
  await page.getByRole("button", { name: "Load a sample text" }).click();
  await page.getByText("26,400 bytes").waitFor();
  await page.locator("#training").getByRole("button", { name: "Train", exact: true }).click();
  await page.getByText("after step 700").waitFor({ timeout: 600_000 });
  await page.screenshot({ path: join(root, "docs/images/playground-training.png") });
  console.log("docs/images/playground-training.png");
}
await browser.close();
await server.close();
rmSync(site, { recursive: true, force: true });

/** One word is locked, one banned, one put in place, and the menu of the fourth is open. */
async function edit(page) {
  const tokens = page.locator("text-diffusion p span");
  const texts = await tokens.allTextContents();
  const classes = await tokens.evaluateAll((cells) => cells.map(({ className }) => className));
  const words = [...texts.keys()].filter((at) => classes[at] === "" && /\w{3}/.test(texts[at]));
  const panel = page.locator("#token-panel");
  for (const [index, action] of [/^Lock$/, /^Ban .* here$/, /^Put “/, undefined].entries()) {
    await tokens.nth(words[index]).click();
    await panel.getByRole("table").waitFor();
    if (action) await panel.getByRole("button", { name: action }).first().click();
  }
}
