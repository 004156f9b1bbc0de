import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import type { Plugin } from "vite";

/**
 * Gives the site a service worker that knows its files: `sw.js`, and in the page the build that it belongs to.
 *
 * @param isKept - whether a file is kept from the first visit on, and not when it is first asked for
 */
export function offlineSite(isKept: (file: string) => boolean): Plugin {
  return {
    name: "offline-site",
    apply: "build",
    writeBundle: {
      order: "post",
      sequential: true,
      handler({ dir = "" }, bundle) {
        const files = Object.keys(bundle).sort();
        const hash = createHash("sha256");
        for (const file of files) hash.update(`${file}\0`).update(readFileSync(join(dir, file)));
        const build = hash.update(readFileSync(source)).digest("hex").slice(0, 16);
        const page = join(dir, "index.html");
        const meta = `<meta name="build" content="${build}" />`;
        writeFileSync(page, readFileSync(page, "utf8").replace("<head>", `<head>\n    ${meta}`));
        buildSync({
          entryPoints: [source],
          outfile: join(dir, "sw.js"),
          bundle: true,
          minify: true,
          format: "iife",
          define: {
            BUILD: JSON.stringify(build),
            FILES: JSON.stringify(files.filter((file) => file !== "index.html" && isKept(file))),
          },
        });
      },
    },
  };
}

// --- internal ---

const source = fileURLToPath(new URL("src/offline/service-worker.ts", import.meta.url));
