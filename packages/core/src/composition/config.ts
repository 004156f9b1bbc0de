import type { ContainerModule } from "inversify";
import type { ComponentKind, ComponentKinds, Plugin } from "../contracts/component.js";
import type {
  KnownBackends,
  KnownCallbacks,
  KnownCollators,
  KnownDenoisers,
  KnownSamplers,
  KnownSchedules,
  KnownSources,
  KnownTokenizers,
} from "../contracts/known-components.js";

/** A component by name, by name and options, or as the thing itself. Names that the types do not know: `byName`. */
export type ComponentChoice<Kind extends ComponentKind> =
  | KnownName<Kind>
  | KnownChoice<Kind>
  | UntypedChoice
  | ComponentKinds[Kind];

/** The names that the types know: those of the packages and typed plugins that a program imports. */
export type KnownName<Kind extends ComponentKind> = keyof KnownComponents[Kind] & string;

/** A known name and options of it. */
export type KnownChoice<Kind extends ComponentKind> = {
  readonly [Name in KnownName<Kind>]: Named<Name, KnownComponents[Kind][Name], ComponentKinds[Kind]>;
}[KnownName<Kind>];

/** A choice as data: what JSON, a command line or a record of a model holds. */
export type NamedChoice = string | { readonly name: string; readonly [option: string]: unknown };

/** A choice whose name and options are checked when it is composed, not before. Made by `byName`. */
export interface UntypedChoice {
  readonly [untyped]: true;
}

/**
 * A component whose name the types do not know: of a plugin without types, or read from a file.
 *
 * ```ts
 * defineConfig({ plugins: [theirs], sampler: byName({ name: "their-sampler", steps: 8 }) });
 * ```
 *
 * @returns the choice as it is; undefined where there is none
 */
export function byName<Choice extends NamedChoice | undefined>(
  choice: Choice,
): UntypedChoice | Extract<Choice, undefined> {
  return choice as unknown as UntypedChoice | Extract<Choice, undefined>;
}

/** What a pipeline is made of. Everything but the components passed as values can be written in JSON. */
export type PipelineConfig = {
  readonly [Kind in ComponentKind]?: ComponentChoice<Kind>;
} & {
  /** Where names are looked up. A name that two plugins bring is an error. */
  readonly plugins?: readonly Plugin[];
  /** inversify modules: what they bind to any of `tokens` comes before what the config says. */
  readonly modules?: readonly ContainerModule[];
};

// --- internal ---

declare const untyped: unique symbol;

interface KnownComponents {
  backend: KnownBackends;
  callback: KnownCallbacks;
  collator: KnownCollators;
  denoiser: KnownDenoisers;
  sampler: KnownSamplers;
  schedule: KnownSchedules;
  source: KnownSources;
  tokenizer: KnownTokenizers;
}

/**
 * Since a component itself has a name, too, TypeScript would take its members for options: `steps` of any sampler.
 * The last part rules them out.
 */
type Named<Name, Options, Component> = { readonly name: Name } & Readonly<Written<Options>> & {
    readonly [Member in Exclude<keyof Component, keyof Written<Options> | "name">]?: never;
  };

/**
 * A strict schema without keys has the type of an object whose every key is wrong, the name too. Keys alone are looked at:
 * the values of nested choices lead back here.
 */
type Written<Options> = string extends keyof Options ? unknown : Options;
