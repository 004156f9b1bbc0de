import {
  byName,
  type ComponentChoice,
  isComponent,
  type NamedChoice,
  type Registry,
} from "@textdiffusion/core";

type Options = Exclude<NamedChoice, string>;

/**
 * A choice of denoiser around a model: wherever one that wraps another (`guided`) leaves out what it wraps, it wraps the
 * model, and what is said of the model itself is added to it.
 *
 * ```ts
 * aroundModel({ name: "guided", scale: 2 }, model, registry); // { name: "guided", scale: 2, denoiser: model }
 * ```
 *
 * @param model - by name, with its folder
 * @throws DiffusionError `UNKNOWN_COMPONENT`
 */
export function aroundModel(
  choice: ComponentChoice<"denoiser"> | undefined,
  model: Options,
  registry: Registry,
): ComponentChoice<"denoiser"> {
  return around(choice, "denoiser") as ComponentChoice<"denoiser">;

  function around(part: unknown, path: string): unknown {
    if (part === undefined) return byName(model);
    if (isComponent(part)) return part;
    const options = typeof part === "string" ? { name: part } : (part as Options);
    if (typeof options.name !== "string") return part; // composing it will say what is wrong
    if (options.name === model.name) return { ...model, ...options };
    const { choices = {} } = registry.find("denoiser", options.name, path);
    const wraps = Object.keys(choices).filter((option) => choices[option] === "denoiser");
    const wrapped = wraps.map((option) => [option, around(options[option], `${path}.${option}`)]);
    return { ...options, ...Object.fromEntries(wrapped) };
  }
}
