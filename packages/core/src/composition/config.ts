import type { ContainerModule } from "inversify";
import type { ComponentKind, ComponentKinds, Plugin } from "../contracts/component.js";

/** A component by name, by name and options, or as the thing itself. */
export type ComponentChoice<Kind extends ComponentKind> =
  | string
  | { readonly name: string; readonly [option: string]: unknown }
  | ComponentKinds[Kind];

/** What a pipeline is made of. Everything but the components passed as values can be written in JSON. */
export type PipelineConfig = {
  readonly [Kind in ComponentKind]?: ComponentChoice<Kind>;
} & {
  /** Where names are looked up. A name that two plugins bring is an error. */
  readonly plugins?: readonly Plugin[];
  /** inversify modules: what they bind to any of `tokens` comes before what the config says. */
  readonly modules?: readonly ContainerModule[];
};
