import { DiffusionError, decodeOptions, prepareComponent, type Registry } from "@textdiffusion/core";
import type { LaboratoryEntry } from "@textdiffusion/evaluation";

/**
 * A sampler by name, with options that differ from its defaults. A list tries each of its values. Options of a sampler
 * within another may be written with a dot: `{ name: "blocks", sampler: "random", "sampler.steps": [4, 8] }`.
 */
export type NamedSampler = string | { readonly name: string; readonly [option: string]: unknown };

/**
 * The samplers of a laboratory run: each with every value of the options that are lists, and at each number of `steps`
 * unless it says its own or has no such option, since it runs until nothing is masked.
 *
 * ```ts
 * await laboratoryEntries(registry, ["random", { name: "threshold", threshold: [0.5, 0.9] }], [8, 16]);
 * // random, 8 steps; random, 16 steps; threshold, threshold=0.5; threshold, threshold=0.9
 * ```
 *
 * @throws DiffusionError `UNKNOWN_COMPONENT`, `UNKNOWN_OPTION`, `CONFIG_INVALID`
 */
export async function laboratoryEntries(
  registry: Registry,
  samplers: readonly NamedSampler[],
  steps: readonly number[],
): Promise<LaboratoryEntry[]> {
  const entries: LaboratoryEntry[] = [];
  for (const chosen of samplers) {
    const { name, ...given } = typeof chosen === "string" ? { name: chosen } : chosen;
    const [first] = combinations(given);
    const options: Record<string, unknown> = { ...given };
    if (!("steps" in given) && (await takesSteps(registry, name, first))) options.steps = steps;
    const isList = (key: string) => Array.isArray(options[key]);
    const fixed = Object.entries(options).filter(([key]) => !isList(key));
    const label = [name, ...fixed.map(([key, value]) => `${key}=${value}`)].join(" ");
    for (const variant of combinations(options)) {
      const config = { name, ...unfolded(variant) };
      const make = await prepareComponent("sampler", config, "sampler", {
        registry,
        dependenciesOf: async () => ({}), // samplers have none
        created: () => undefined, // and nothing to dispose of
      });
      const words = Object.entries(variant)
        .filter(([key]) => isList(key))
        .map(([key, value]) => (key === "steps" ? `${value} steps` : `${key}=${value}`));
      entries.push({
        label,
        variant: words.length === 0 ? undefined : words.join(" "),
        config,
        sampler: await make(),
      });
    }
  }
  return entries;
}

// --- internal ---

/** Whether the sampler's schema knows `steps`. A wrong option of another name is its own error. */
async function takesSteps(registry: Registry, name: string, options: object): Promise<boolean> {
  const definition = registry.find("sampler", name);
  const given = unfolded(options as Record<string, unknown>);
  await decodeOptions(definition.options, given, "sampler", `sampler "${name}"`);
  try {
    await decodeOptions(definition.options, { ...given, steps: 1 }, "sampler", `sampler "${name}"`);
    return true;
  } catch (error) {
    if (DiffusionError.is(error, "UNKNOWN_OPTION")) return false;
    return true; // it knows the option, though not this value
  }
}

/** Options with dots in their names as options of options. */
function unfolded(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const tree: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(options)) {
    const path = key.split(".");
    let place = tree;
    for (const part of path.slice(0, -1)) {
      const within = place[part];
      // A name alone may have been said before: { sampler: "random", "sampler.steps": 4 }
      const object: Record<string, unknown> =
        typeof within === "string" ? { name: within } : { ...(within as object) };
      place[part] = object;
      place = object;
    }
    place[path[path.length - 1]] = value;
  }
  return tree;
}

/** Every choice of one value from each list. */
function combinations(options: Readonly<Record<string, unknown>>): Record<string, unknown>[] {
  let all: Record<string, unknown>[] = [{}];
  for (const [key, value] of Object.entries(options)) {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    all = all.flatMap((begun) => values.map((one) => ({ ...begun, [key]: one })));
  }
  return all;
}
