import { type ComponentChoice, DiffusionError } from "textdiffusion";

/** Options of samplers that the command line has flags for. */
export interface SamplerFlags {
  /** Size of blocks. */
  readonly block?: number;
  readonly steps?: number;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
}

/**
 * What the command line says of the sampler, laid over what was chosen before. Another name starts from that
 * sampler's defaults; flags alone change the sampler that was chosen, in blocks the one that writes them. A block size
 * puts the sampler into blocks, or changes the size of those that it is in.
 *
 * @param chosen - from the config or the model folder
 * @throws DiffusionError `CONFIG_INVALID` for flags when the config made its sampler itself
 */
export function adjustSampler(
  chosen: ComponentChoice<"sampler">,
  name: string | undefined,
  { block, steps, temperature, topK, topP }: SamplerFlags,
): ComponentChoice<"sampler"> {
  const current = typeof chosen === "string" ? { name: chosen } : chosen;
  const base = name === undefined || name === current.name ? current : { name };
  const flags = { steps, temperature, topK, topP };
  const changes = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  if (block === undefined) return withChanges(base, changes);
  return isBlocks(base)
    ? { ...withChanges(base, changes), name: "blocks", size: block }
    : { name: "blocks", size: block, sampler: withChanges(base, changes) };
}

// --- internal ---

type Named = Exclude<ComponentChoice<"sampler">, string>;

function isBlocks(choice: Named): choice is Named & { readonly name: "blocks" } {
  return choice.name === "blocks" && !("decide" in choice);
}

function withChanges(choice: Named, changes: Readonly<Record<string, unknown>>): Named {
  if (Object.keys(changes).length === 0) return choice;
  if ("decide" in choice) {
    throw new DiffusionError({
      code: "CONFIG_INVALID",
      component: "cli/options",
      problem: `expected a sampler chosen by name to change its ${Object.keys(changes).join(", ")}, got one that the config made itself`,
      remedy: "Change it in the config, or choose another with --sampler",
    });
  }
  if (!isBlocks(choice)) return { ...choice, ...changes };
  const within = (choice as { sampler?: ComponentChoice<"sampler"> }).sampler ?? "confidence";
  return { ...choice, sampler: withChanges(typeof within === "string" ? { name: within } : within, changes) };
}
