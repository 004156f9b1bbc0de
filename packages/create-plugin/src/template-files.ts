import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { DiffusionError } from "@textdiffusion/core";
import type { PluginKind } from "./plugin-kinds.js";
import type { PluginName } from "./plugin-name.js";

const home = fileURLToPath(new URL("../", import.meta.url));

/**
 * The files of a template under the plugin's own names, as text by path.
 *
 * Templates are whole packages that compile and pass their tests as they lie there, in the name of `my-component`. So a
 * plugin is made by writing its name in place of that one. Two files are called otherwise there, because npm would not
 * publish them or would read them: `gitignore`, and `package.template.json`.
 *
 * @throws DiffusionError `CONFIG_INVALID` for a name that makes two identifiers one: `define` makes `defineSampler`
 */
export function templateFiles(kind: PluginKind, name: PluginName): Map<string, string> {
  const files = new Map<string, string>([["LICENSE", readFileSync(join(home, "LICENSE"), "utf8")]]);
  for (const part of ["shared", kind]) {
    const folder = join(home, "templates", part);
    for (const path of filesBelow(folder)) {
      const text = readFileSync(join(folder, path), "utf8");
      assertNoClash(text, name);
      files.set(renamed(path, name), renamed(text, name));
    }
  }
  const manifest = files.get("package.json") as string;
  files.set("package.json", withVersion(manifest));
  return files;
}

// --- internal ---

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"));
}

/** In a path or in a text. */
function renamed(text: string, { component, packageName }: PluginName): string {
  const pascal = component.replace(/(^|-)([a-z0-9])/g, (_, _dash, letter: string) => letter.toUpperCase());
  return text
    .replaceAll("textdiffusion-plugin-my-component", packageName)
    .replaceAll("my-component", component)
    .replaceAll("MyComponent", pascal)
    .replaceAll("myComponent", `${pascal[0].toLowerCase()}${pascal.slice(1)}`)
    .replace(/^gitignore$/, ".gitignore")
    .replace(/^package\.template\.json$/, "package.json");
}

/** @throws DiffusionError `CONFIG_INVALID` */
function assertNoClash(template: string, name: PluginName): void {
  const words = new Set(template.match(/\w+/g));
  const clash = [...words].find((word) => /mycomponent/i.test(word) && words.has(renamed(word, name)));
  if (clash === undefined) return;
  throw new DiffusionError({
    code: "CONFIG_INVALID",
    component: "create-plugin/name",
    problem: `expected a name that the source does not use already, got "${name.component}", which makes ${renamed(clash, name)}`,
    remedy: "Choose another name",
    details: { name: name.component, identifier: renamed(clash, name) },
  });
}

/** Our packages share one version; a plugin asks for the one that its template was published with, and what fits it. */
function withVersion(manifest: string): string {
  const { version } = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
  return manifest.replaceAll('"workspace"', `"^${version}"`);
}
