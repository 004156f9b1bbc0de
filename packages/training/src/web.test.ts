import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, it } from "vitest";

it("bundles for a browser, and asks for nothing of Node", async () => {
  const { metafile, errors } = await build({
    entryPoints: [fileURLToPath(new URL("web.ts", import.meta.url))],
    bundle: true,
    format: "esm",
    platform: "browser",
    packages: "external",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  expect(errors).toEqual([]);
  const [{ imports }] = Object.values(metafile.outputs);
  expect(imports.map(({ path }) => path)).toContain("@tensorflow/tfjs-core");
  expect(imports.filter(({ path }) => path.startsWith("node:"))).toEqual([]);
});
