import { type AnyDefinition, type ComponentKind, componentKinds, type Registry } from "@textdiffusion/core";
import { configFileSchema } from "./config.js";

/** A JSON Schema as plain data. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/**
 * The JSON Schema (draft 7, which editors know best) of a config file: every key, every component of a registry by name
 * with its options, descriptions and defaults. What only code can say, a component passed as a value, is not in it.
 *
 * ```ts
 * const schema = configJsonSchema(new Registry([...defaultPlugins, myPlugin]));
 * ```
 *
 * A component whose options' schema cannot be written as JSON Schema takes any options there, and its description says so.
 */
export function configJsonSchema(registry: Registry): JsonSchema {
  const { properties } = jsonSchemaOf(configFileSchema) as { properties: Record<string, JsonSchema> };
  const data = withSource(properties.data);
  const dataSchema = {
    ...data,
    properties: { ...data.properties, validation: withSource(data.properties.validation) },
  };
  const training = properties.training as ObjectProperties;
  const callbacks = { ...training.properties.callbacks, items: choiceOf("callback", {}) };
  const trainingSchema = { ...training, properties: { ...training.properties, callbacks } };
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "textdiffusion config",
    type: "object",
    properties: Object.fromEntries(
      Object.entries({ ...properties, data: dataSchema, training: trainingSchema }).map(([key, schema]) => [
        key,
        isKind(key) ? choiceOf(key, schema) : schema,
      ]),
    ),
    additionalProperties: false,
    definitions: {
      include: {
        description: "Stands for what a JSON file holds; its path counts from this file.",
        type: "object",
        properties: { $include: { type: "string" } },
        required: ["$include"],
        additionalProperties: false,
      },
      ...Object.fromEntries(componentKinds.map((kind) => [kind, anyOfKind(kind, registry)])),
    },
  };
}

// --- internal ---

/** Options without which a component is not made, but that a config may leave out: the model's folder is known. */
const filledIn: Readonly<Record<string, readonly string[]>> = {
  "denoiser/huggingface": ["folder"],
  "denoiser/onnx": ["file"],
};

const included = { $ref: "#/definitions/include" };

function isKind(key: string): key is ComponentKind {
  return (componentKinds as readonly string[]).includes(key);
}

function choiceOf(kind: ComponentKind, about: JsonSchema): JsonSchema {
  return { ...about, anyOf: [{ $ref: `#/definitions/${kind}` }, included] };
}

type ObjectProperties = JsonSchema & { readonly properties: Record<string, JsonSchema> };

/** A schema whose property `source` is a source. */
function withSource(schema: JsonSchema): ObjectProperties {
  const { properties } = schema as ObjectProperties;
  return { ...schema, properties: { ...properties, source: choiceOf("source", properties.source) } };
}

/** By name alone, where nothing must be given, or by name with options. */
function anyOfKind(kind: ComponentKind, registry: Registry): JsonSchema {
  const known = registry
    .names(kind)
    .map((name) => withOptions(registry.find(kind, name), filledIn[`${kind}/${name}`] ?? []));
  const alone = known
    .filter(({ required }) => required.length === 1)
    .map(({ name, description }) => ({ const: name, description }));
  const objects = known.map(({ name: _, ...schema }) => schema);
  return { anyOf: [...alone, ...objects] };
}

function withOptions(definition: AnyDefinition<ComponentKind>, mayBeLeftOut: readonly string[]) {
  const { name, description, choices = {} } = definition;
  const schema = jsonSchemaOf(definition.options) as ObjectSchema | undefined;
  const named = { name: { const: name, description } };
  if (schema?.type !== "object") {
    return {
      name,
      description: `${description} Its options are not described here; they are checked when it is used.`,
      type: "object",
      properties: named,
      required: ["name"],
    };
  }
  const { properties = {}, required = [], additionalProperties = true } = schema;
  const options = Object.entries(properties).map(([option, about]) => {
    if (option in choices) return [option, nestedChoice(choices[option], about)];
    return [option, isScalar(about) ? about : orIncluded(about)];
  });
  return {
    name,
    description,
    type: "object",
    properties: { ...named, ...Object.fromEntries(options) },
    required: ["name", ...required.filter((option) => !mayBeLeftOut.includes(option))],
    additionalProperties,
  };
}

interface ObjectSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
}

/** A component within another's options, or several. */
function nestedChoice(kind: ComponentKind, about: JsonSchema): JsonSchema {
  const one = { $ref: `#/definitions/${kind}` };
  return { ...about, anyOf: [one, { type: "array", items: one }, included] };
}

function isScalar({ type, enum: values, const: value }: JsonSchema): boolean {
  return (
    values !== undefined || value !== undefined || (typeof type === "string" && !/array|object/.test(type))
  );
}

function orIncluded({ description, default: preset, ...schema }: JsonSchema): JsonSchema {
  return {
    ...(description !== undefined && { description }),
    ...(preset !== undefined && { default: preset }),
    anyOf: [schema, included],
  };
}

/** What every double that holds a whole number keeps to says nothing to a reader. */
function isEndOfWholeNumbers(key: string, value: unknown): boolean {
  return /^(minimum|maximum)$/.test(key) && Math.abs(value as number) === Number.MAX_SAFE_INTEGER;
}

/** Standard Schema 1.1 libraries can give one; undefined for others, and for what refers to itself. */
function jsonSchemaOf(schema: { readonly "~standard": object }): JsonSchema | undefined {
  const standard = schema["~standard"] as {
    readonly jsonSchema?: { input(options: { readonly target: string }): JsonSchema };
  };
  try {
    const { $schema: _, ...json } = standard.jsonSchema?.input({ target: "draft-07" }) ?? {};
    const text = JSON.stringify(json, (key, value) => (isEndOfWholeNumbers(key, value) ? undefined : value));
    return text.includes('"$ref"') ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
