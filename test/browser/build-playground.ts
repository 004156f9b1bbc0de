import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

/**
 * Builds the playground into a temporary folder, which the caller removes.
 *
 * @param change - of its index.html, as whoever runs a site of his own may make one
 */
export async function buildPlayground(change = (html: string) => html): Promise<string> {
  const site = mkdtempSync(join(tmpdir(), "textdiffusion-playground-"));
  await build({
    configFile: fileURLToPath(new URL("../../apps/playground/vite.config.ts", import.meta.url)),
    logLevel: "error",
    build: { outDir: site, emptyOutDir: true },
    plugins: [{ name: "change", transformIndexHtml: { order: "pre", handler: change } }],
  });
  return site;
}
