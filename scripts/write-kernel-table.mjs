// Writes docs/kernels.md: which kernels of tfjs the backend `onnx` has, from the tables that it registers. Run it after a
// build; `--check` only compares and ends in exit code 1 when the table is old.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const dist = new URL("../packages/tfjs-backend-onnx/dist/kernels/", import.meta.url);
const { kernelFamilies } = await import(new URL("all-kernels.js", dist));
const { missingKernels } = await import(new URL("unsupported.js", dist));
const file = fileURLToPath(new URL("../docs/kernels.md", import.meta.url));

const names = (table) =>
  Object.keys(table)
    .sort()
    .map((name) => `\`${name}\``)
    .join(", ");
const families = Object.entries(kernelFamilies).map(([family, table]) => `| ${family} | ${names(table)} |`);
const remedies = [...new Set(Object.values(missingKernels))];
const missing = remedies.map((remedy) => {
  const entries = Object.entries(missingKernels).filter(([, other]) => other === remedy);
  return `| ${names(Object.fromEntries(entries))} | ${remedy} |`;
});
const count = Object.values(kernelFamilies).reduce((sum, table) => sum + Object.keys(table).length, 0);

const text = `# Kernels of the backend \`onnx\`

Written by \`node scripts/write-kernel-table.mjs\`. The backend computes ${count} kernels of tfjs:

| family | kernels |
| --- | --- |
${families.join("\n")}

The others throw an error that says what to do instead:

| kernels | instead |
| --- | --- |
${missing.join("\n")}
`;

if (process.argv.includes("--check")) {
  if (readFileSync(file, "utf8") !== text) {
    console.error("docs/kernels.md is old: run node scripts/write-kernel-table.mjs");
    process.exit(1);
  }
} else {
  writeFileSync(file, text);
}
