import { type ComponentChoice, isComponent, type NamedChoice, type Registry } from "@textdiffusion/core";

type Options = Exclude<NamedChoice, string>;

/** Denoisers that compute the model itself. */
export interface ModelChoices {
  /** The one that is taken where nothing is said, by name. */
  readonly default: string;
  /** What is said of such a denoiser, with what makes it that model; undefined for the name of another. */
  complete(options: Options): Options | undefined;
}

/**
 * A choice of denoiser around a model: wherever one that wraps another (`guided`) leaves out what it wraps, it wraps the
 * model, and what is said of the model itself is completed.
 *
 * ```ts
 * aroundModel({ name: "guided", scale: 2 }, models, registry); // { name: "guided", scale: 2, denoiser: the model }
 * ```
 *
 * @throws DiffusionError `UNKNOWN_COMPONENT`, and what `models.complete` throws
 */
export function aroundModel(
  choice: ComponentChoice<"denoiser"> | undefined,
  models: ModelChoices,
  registry: Registry,
): ComponentChoice<"denoiser"> {
  return around(choice, "denoiser") as ComponentChoice<"denoiser">;

  function around(part: unknown, path: string): unknown {
    if (isComponent(part)) return part;
    const named = part ?? models.default;
    const options = typeof named === "string" ? { name: named } : (named as Options);
    if (typeof options.name !== "string") return part; // composing it will say what is wrong
    const completed = models.complete(options);
    if (completed) return completed;
    const { choices = {} } = registry.find("denoiser", options.name, path);
    const wraps = Object.keys(choices).filter((option) => choices[option] === "denoiser");
    const wrapped = wraps.map((option) => [option, around(options[option], `${path}.${option}`)]);
    return { ...options, ...Object.fromEntries(wrapped) };
  }
}
