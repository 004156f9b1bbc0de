import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, it } from "vitest";

it("the entry for browsers bundles for the browser, with no module of Node in it", async () => {
  // No module is external, so one of Node that is left makes the build fail.
  const { metafile, warnings } = await build({
    entryPoints: [fileURLToPath(new URL("web.ts", import.meta.url))],
    bundle: true,
    platform: "browser",
    format: "esm",
    write: false,
    metafile: true,
    logLevel: "silent",
    alias: { "@textdiffusion/core": fileURLToPath(new URL("../../core/src/index.ts", import.meta.url)) },
  });
  expect(warnings).toEqual([]);
  const files = Object.keys(metafile.inputs);
  expect(files.some((file) => file.endsWith("src/session/web-session.ts"))).toBe(true);
  expect(
    files.filter((file) => /node-session|max-length|onnxruntime-node|onnxruntime-web/.test(file)),
  ).toEqual([]);
});
