import type { ComponentDefinition, Plugin } from "../contracts/component.js";
import type { PipelineConfig } from "./config.js";

/** Returns the plugin as it is, with its type checked. */
export function definePlugin<const P extends Plugin>(plugin: P): P {
  return plugin;
}

/** Returns the config as it is, with its names and options checked against the components that the types know. */
export function defineConfig(config: PipelineConfig): PipelineConfig {
  return config;
}

type Define<Kind extends keyof import("../contracts/component.js").ComponentKinds> = <Options>(
  definition: ComponentDefinition<Kind, Options>,
) => ComponentDefinition<Kind, Options>;

export const defineBackend: Define<"backend"> = (definition) => definition;
export const defineCallback: Define<"callback"> = (definition) => definition;
export const defineCollator: Define<"collator"> = (definition) => definition;
export const defineDenoiser: Define<"denoiser"> = (definition) => definition;
export const defineSampler: Define<"sampler"> = (definition) => definition;
export const defineSchedule: Define<"schedule"> = (definition) => definition;
export const defineSource: Define<"source"> = (definition) => definition;
export const defineTokenizer: Define<"tokenizer"> = (definition) => definition;
