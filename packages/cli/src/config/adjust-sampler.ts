import {
  byName,
  type ComponentChoice,
  DiffusionError,
  isComponent,
  type NamedChoice,
  type Sampler,
} from "textdiffusion";

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
  const flags = { steps, temperature, topK, topP };
  const changes = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  const current = options(chosen);
  const base = name === undefined || name === current.name ? chosen : { name };
  if (block === undefined) return asChoice(withChanges(base, changes));
  const changed = withChanges(base, changes);
  return asChoice(
    isBlocks(base) ? { ...options(changed), size: block } : { name: "blocks", size: block, sampler: changed },
  );
}

// --- internal ---

type Options = Exclude<NamedChoice, string>;

/** A choice by name as an object; of a sampler that the config made, the sampler. */
function options(choice: unknown): Options {
  return typeof choice === "string" ? { name: choice } : (choice as Options);
}

function asChoice(choice: unknown): ComponentChoice<"sampler"> {
  return isComponent(choice) ? (choice as Sampler) : byName(choice as NamedChoice);
}

function isBlocks(choice: unknown): boolean {
  return options(choice).name === "blocks" && !isComponent(choice);
}

function withChanges(choice: unknown, changes: Readonly<Record<string, unknown>>): unknown {
  if (Object.keys(changes).length === 0) return choice;
  if (isComponent(choice)) {
    throw new DiffusionError({
      code: "CONFIG_INVALID",
      component: "cli/options",
      problem: `expected a sampler chosen by name to change its ${Object.keys(changes).join(", ")}, got one that the config made itself`,
      remedy: "Change it in the config, or choose another with --sampler",
    });
  }
  const given = options(choice);
  if (!isBlocks(choice)) return { ...given, ...changes };
  return { ...given, sampler: withChanges(given.sampler ?? "confidence", changes) };
}
