import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import {
  API_VERSION,
  configJsonSchema,
  decodeConfig,
  defaultPlugins,
  definePlugin,
  defineSampler,
  listNames,
  Registry,
  randomSampler,
} from "textdiffusion";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { repositoryRoot } from "../architecture/source-imports.js";

const read = (file: string) => JSON.parse(readFileSync(join(repositoryRoot, file), "utf8"));

/** A library whose schemas cannot be written as JSON Schema. */
const opaque = {
  "~standard": { version: 1, vendor: "other", validate: (value: unknown) => ({ value }) },
} as const;

const plugin = definePlugin({
  name: "textdiffusion-plugin-waves",
  apiVersion: API_VERSION,
  samplers: [
    defineSampler({
      name: "wave",
      description: "Reveals in waves.",
      options: z.strictObject({
        height: z.number().min(1).describe("of a wave"),
        steps: z.int().default(8),
      }),
      create: () => randomSampler(),
    }),
    defineSampler({
      name: "opaque",
      description: "Says little.",
      options: opaque,
      create: () => randomSampler(),
    }),
  ],
});

const validator = (plugins = defaultPlugins) => {
  const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true });
  const validate = ajv.compile(configJsonSchema(new Registry(plugins)));
  return (config: unknown) => validate(config) === true;
};
const isValid = validator();
const isValidWithPlugin = validator([...defaultPlugins, plugin]);

const valid: [string, unknown][] = [
  ["nothing", {}],
  ["the example", read("examples/fables/textdiffusion.config.json")],
  ["names alone", { backend: "onnx", schedule: "linear", collator: "mdlm", sampler: "confidence" }],
  [
    "options",
    { schedule: { name: "log-linear", epsilon: 0.01 }, sampler: { name: "maskgit", steps: 12, topP: 0.9 } },
  ],
  ["an included list", { schedule: { name: "spindle", counts: { $include: "counts.json" } } }],
  ["an included component", { sampler: { $include: "sampler.json" } }],
  ["a sampler in blocks", { sampler: { name: "blocks", size: 16, sampler: { name: "random", steps: 4 } } }],
  [
    "a reduction of two parts",
    { collator: { name: "masking", reduction: { weight: "count", per: "token" } } },
  ],
  [
    "plugins by name",
    { plugins: ["textdiffusion-plugin-waves"], training: { steps: 5 }, model: { from: "base" } },
  ],
];

valid.push(
  ["a wrapper around the model of the folder", { denoiser: { name: "guided", scale: 1.5 } }],
  ["a model whose folder is known", { denoiser: { name: "huggingface", cache: "dual" }, dtype: "q8" }],
);

const invalid: [string, unknown][] = [
  ["a misspelt key", { samplr: "confidence" }],
  ["a misspelt name", { sampler: "confidense" }],
  ["a misspelt name with options", { sampler: { name: "confidense", steps: 3 } }],
  ["a misspelt option", { sampler: { name: "confidence", stepz: 3 } }],
  ["an option of another", { sampler: { name: "threshold", steps: 3 } }],
  ["a value out of range", { sampler: { name: "confidence", topP: 1.5 } }],
  ["a text for a number", { training: { steps: "many" } }],
  ["a misspelt option within blocks", { sampler: { name: "blocks", sampler: { name: "random", stepz: 4 } } }],
  ["a name of another kind", { schedule: "confidence" }],
  ["no counts for the spindle", { schedule: "spindle" }],
  ["an unknown reduction", { collator: { name: "mdlm", reduction: "sum" } }],
  ["a misspelt key of a part", { data: { fil: "x.txt" } }],
  ["a component of a plugin that is not loaded", { sampler: { name: "wave", height: 2 } }],
];

describe("the JSON Schema of a config", () => {
  it.each(valid)("takes %s", (_, config) => expect(isValid(config)).toBe(true));
  it.each(invalid)("refuses %s", (_, config) => expect(isValid(config)).toBe(false));

  it("has the components of plugins", () => {
    expect(isValidWithPlugin({ sampler: { name: "wave", height: 2 } })).toBe(true);
    expect(isValidWithPlugin({ sampler: { name: "wave", hight: 2 } })).toBe(false);
    expect(isValidWithPlugin({ sampler: "wave" })).toBe(false); // its height must be said
    expect(isValidWithPlugin({ sampler: { name: "opaque", anything: 1 } })).toBe(true);
    expect(JSON.stringify(configJsonSchema(new Registry([plugin])))).toContain(
      "Says little. Its options are not described here; they are checked when it is used.",
    );
  });

  it("says what each thing is and what it is when it is not said", () => {
    const { definitions } = configJsonSchema(new Registry(defaultPlugins)) as {
      definitions: Record<string, { anyOf: { properties?: Record<string, unknown> }[] }>;
    };
    const confidence = definitions.sampler.anyOf.find(
      ({ properties }) => (properties?.name as { const?: string })?.const === "confidence",
    );
    expect(confidence?.properties).toMatchObject({
      name: { const: "confidence", description: expect.stringContaining("most confident") },
      steps: { type: "integer", default: 32, description: expect.stringContaining("Reverse steps") },
    });
  });

  it("has the keys that a config is decoded by", async () => {
    const { properties } = configJsonSchema(new Registry(defaultPlugins)) as { properties: object };
    const decoded = decodeConfig({ sampler: "random", other: 1 } as never);
    await expect(decoded).rejects.toThrow(`Options: ${listNames(Object.keys(properties))}`);
  });

  it("is written beside the package as the definitions say", () => {
    const script = join(repositoryRoot, "scripts", "write-config-schema.mjs");
    expect(() => execFileSync(process.execPath, [script, "--check"], { stdio: "pipe" })).not.toThrow();
  });
});
