// Writes packages/preset/schema.json: what a config file may say with our own components, for editors. Run it after a
// build; `--check` only compares and ends in exit code 1 when the file is old.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const { configJsonSchema, defaultPlugins, Registry } = await import(
  new URL("../packages/preset/dist/index.js", import.meta.url)
);
const file = fileURLToPath(new URL("../packages/preset/schema.json", import.meta.url));
const text = `${JSON.stringify(configJsonSchema(new Registry(defaultPlugins)), undefined, 2)}\n`;

if (process.argv.includes("--check")) {
  if (readFileSync(file, "utf8") !== text) {
    console.error(
      "packages/preset/schema.json is old: run node scripts/write-config-schema.mjs after a build",
    );
    process.exit(1);
  }
} else {
  writeFileSync(file, text);
}
