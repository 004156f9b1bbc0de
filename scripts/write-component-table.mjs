// Writes docs/components.md: every component that a config can name without a plugin, from its definition; and their names
// for create-plugin, which refuses them to others. Run it after a build; `--check` only compares and ends in exit code 1
// when one of the two is old.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const { defaultPlugins } = await import(
  new URL("../packages/preset/dist/default-plugins.js", import.meta.url)
);
const pathOf = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Each: the key in a plugin, the key in a config, and the laws of the testkit. */
const kinds = [
  ["schedules", "schedule", "noiseScheduleLaws"],
  ["collators", "collator", "collatorLaws"],
  ["samplers", "sampler", "samplerLaws"],
  ["denoisers", "denoiser", "denoiserLaws"],
  ["tokenizers", "tokenizer", "tokenizerLaws"],
  ["sources", "source", "dataSourceLaws"],
  ["callbacks", "callback", "callbackLaws"],
  ["backends", "backend", "backendLaws"],
];

const cell = (text) => text.replaceAll("|", "\\|").replaceAll("\n", " ");

function optionsOf(definition) {
  const schema = definition.options["~standard"].jsonSchema?.input({ target: "draft-2020-12" });
  const names = Object.keys(schema?.properties ?? {});
  return names.map((name) => `\`${name}\``).join(", ");
}

function lawsOf({ exceptions = [] }) {
  if (exceptions.length === 0) return "all";
  return `all but ${exceptions.map(({ law, reason }) => `\`${law}\`: ${reason}`).join("; ")}`;
}

const sections = kinds.flatMap(([list, kind, laws]) => {
  const definitions = defaultPlugins.flatMap((plugin) => plugin[list] ?? []);
  if (definitions.length === 0) return [];
  const rows = definitions
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((definition) => {
      const { name, description, exact = "", source = "" } = definition;
      const cells = [`\`${name}\``, description, optionsOf(definition), exact, lawsOf(definition), source];
      return `| ${cells.map(cell).join(" | ")} |`;
    });
  return [
    `## \`${kind}\``,
    `Laws: \`${laws}\` of \`@textdiffusion/testkit\`.`,
    [
      "| name | what it does | options | exact? | laws | source |",
      "| --- | --- | --- | --- | --- | --- |",
      ...rows,
    ].join("\n"),
  ];
});

const text = `# Components

Written by \`node scripts/write-component-table.mjs\` from the definitions. What a config can name without a plugin:
\`{ "sampler": "confidence" }\` or \`{ "sampler": { "name": "confidence", "steps": 16 } }\`.

${sections.join("\n\n")}
`;

const takenNames = Object.fromEntries(
  kinds.map(([list, kind]) => [
    kind,
    defaultPlugins.flatMap((plugin) => (plugin[list] ?? []).map(({ name }) => name)).toSorted(),
  ]),
);

const written = {
  "docs/components.md": text,
  "packages/create-plugin/taken-names.json": `${JSON.stringify(takenNames, undefined, 2)}\n`,
};
for (const [path, content] of Object.entries(written)) {
  if (!process.argv.includes("--check")) writeFileSync(pathOf(path), content);
  else if (readFileSync(pathOf(path), "utf8") !== content) {
    console.error(`${path} is old: run node scripts/write-component-table.mjs after a build`);
    process.exitCode = 1;
  }
}
