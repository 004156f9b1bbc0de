import type { ServiceIdentifier } from "inversify";
import type { ComponentKind, ComponentKinds } from "../contracts/component.js";

/**
 * The inversify service identifier of each contract, shared by every copy of core. A `ContainerModule` given to
 * `createPipeline` may rebind any of them.
 */
export const tokens = {
  backend: Symbol.for("@textdiffusion/core:Backend"),
  callback: Symbol.for("@textdiffusion/core:Callback"),
  collator: Symbol.for("@textdiffusion/core:Collator"),
  denoiser: Symbol.for("@textdiffusion/core:Denoiser"),
  sampler: Symbol.for("@textdiffusion/core:Sampler"),
  schedule: Symbol.for("@textdiffusion/core:NoiseSchedule"),
  source: Symbol.for("@textdiffusion/core:DataSource"),
  tokenizer: Symbol.for("@textdiffusion/core:Tokenizer"),
} as const satisfies { [Kind in ComponentKind]: ServiceIdentifier<ComponentKinds[Kind]> };
