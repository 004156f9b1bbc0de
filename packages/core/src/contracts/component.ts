import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Backend } from "./backend.js";
import type { Callback } from "./callback.js";
import type { Collator } from "./collator.js";
import type { DataSource } from "./data-source.js";
import type { Denoiser } from "./denoiser.js";
import type { NoiseSchedule } from "./noise-schedule.js";
import type { Sampler } from "./sampler.js";
import type { Tokenizer } from "./tokenizer.js";

/** The kinds of component that a plugin can bring and a config can choose, each with its contract. */
export interface ComponentKinds {
  backend: Backend;
  callback: Callback;
  collator: Collator;
  denoiser: Denoiser;
  sampler: Sampler;
  schedule: NoiseSchedule;
  source: DataSource;
  tokenizer: Tokenizer;
}

export type ComponentKind = keyof ComponentKinds;

/**
 * What the factory of each kind is given besides its options. Resolved from the pipeline, so a rebound part is used. A
 * denoiser's backend is a getter: a pipeline without one fails only when the denoiser looks at it.
 */
export interface ComponentDependencies {
  backend: Readonly<Record<never, never>>;
  callback: Readonly<Record<never, never>>;
  collator: { readonly schedule: NoiseSchedule; readonly tokenizer: Tokenizer };
  denoiser: { readonly backend: Backend; readonly tokenizer: Tokenizer };
  sampler: Readonly<Record<never, never>>;
  schedule: Readonly<Record<never, never>>;
  source: Readonly<Record<never, never>>;
  tokenizer: Readonly<Record<never, never>>;
}

/**
 * One component: a name, a schema for its options and a factory. The schema is any Standard Schema (zod, valibot,
 * arktype); make it strict, so that a misspelt option is an error.
 */
export interface ComponentDefinition<Kind extends ComponentKind = ComponentKind, Options = unknown> {
  /** Kebab-case, unique within its kind: what configs say. */
  readonly name: string;
  /** One line for listings. */
  readonly description: string;
  /** Where it was published: paper and equation, of what was opened. "Own" for what was not. */
  readonly source?: string;
  /** What may be claimed of it, in a few words: exact, a bound, neither; of what, and when. */
  readonly exact?: string;
  /** Laws of its contract that do not hold of it, each with its reason. Pass them to the laws as `skip`. */
  readonly exceptions?: readonly LawException[];
  readonly options: StandardSchemaV1<unknown, Options>;
  /**
   * Options that are components themselves, with the kind of each: `{ sampler: "sampler" }`. A config says there what it
   * would say of that kind: a name, a name with options, the thing itself, or a list of these. Names and options are
   * checked with all the others, and the factory finds the finished component in its options.
   *
   * A nested component belongs to who made it, the pipeline or the caller, who disposes of it: never the one around it.
   */
  readonly choices?: Readonly<Record<string, ComponentKind>>;
  create(
    options: Options,
    dependencies: ComponentDependencies[Kind],
  ): ComponentKinds[Kind] | Promise<ComponentKinds[Kind]>;
}

/** A law that is not asked of a component. */
export interface LawException {
  /** The law's name in the testkit. */
  readonly law: string;
  readonly reason: string;
}

/** A definition whose options type is its own business. */
// biome-ignore lint/suspicious/noExplicitAny: the one place where options of different components share a list.
export type AnyDefinition<Kind extends ComponentKind> = ComponentDefinition<Kind, any>;

/** The version of these contracts. A plugin made for another one is refused. */
export const API_VERSION = 1;

/** What a package publishes: a plain value. Importing it registers nothing; listing it in `plugins` does. */
export interface Plugin {
  /** The npm package name, named in errors. */
  readonly name: string;
  /** The package's version. What is loaded by package name is refused when its package.json says another. */
  readonly version?: string;
  readonly apiVersion: number;
  readonly backends?: readonly AnyDefinition<"backend">[];
  readonly callbacks?: readonly AnyDefinition<"callback">[];
  readonly collators?: readonly AnyDefinition<"collator">[];
  readonly denoisers?: readonly AnyDefinition<"denoiser">[];
  readonly samplers?: readonly AnyDefinition<"sampler">[];
  readonly schedules?: readonly AnyDefinition<"schedule">[];
  readonly sources?: readonly AnyDefinition<"source">[];
  readonly tokenizers?: readonly AnyDefinition<"tokenizer">[];
}
