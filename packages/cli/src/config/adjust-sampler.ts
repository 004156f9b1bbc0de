import { type ComponentChoice, DiffusionError } from "textdiffusion";

/** Options of samplers that the command line has flags for. */
export interface SamplerFlags {
  readonly steps?: number;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
}

/**
 * What the command line says of the sampler, laid over what was chosen before. Another name starts from that
 * sampler's defaults; flags alone change the sampler that was chosen.
 *
 * @param chosen - from the config or the model folder
 * @throws DiffusionError `CONFIG_INVALID` for flags when the config made its sampler itself
 */
export function adjustSampler(
  chosen: ComponentChoice<"sampler">,
  name: string | undefined,
  { steps, temperature, topK, topP }: SamplerFlags,
): ComponentChoice<"sampler"> {
  const flags = { steps, temperature, topK, topP };
  const changes = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  const current = typeof chosen === "string" ? { name: chosen } : chosen;
  const base = name === undefined || name === current.name ? current : { name };
  if (Object.keys(changes).length === 0) return base;
  if ("decide" in base) {
    throw new DiffusionError({
      code: "CONFIG_INVALID",
      component: "cli/options",
      problem: `expected a sampler chosen by name to change its ${Object.keys(changes).join(", ")}, got one that the config made itself`,
      remedy: "Change it in the config, or choose another with --sampler",
    });
  }
  return { ...base, ...changes };
}
