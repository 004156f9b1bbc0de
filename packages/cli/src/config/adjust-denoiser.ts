import {
  byName,
  type ComponentChoice,
  type Denoiser,
  DiffusionError,
  isComponent,
  type NamedChoice,
} from "textdiffusion";

/** Options of denoisers that the command line has flags for. */
export interface DenoiserFlags {
  /** Scale of guidance. */
  readonly guidance?: number;
  /** Kind of cache. */
  readonly cache?: string;
}

/**
 * What the command line says of the denoiser, laid over the config's. A cache is an option of the model, the innermost;
 * guidance wraps what was chosen, or changes the scale of the guidance that is outermost in it.
 *
 * @param chosen - from the config
 * @returns undefined when nobody says anything: the model as it is
 * @throws DiffusionError `CONFIG_INVALID` for a cache when the config made its denoiser itself, and for an ONNX
 * file, which computes whole rows
 */
export function adjustDenoiser(
  chosen: ComponentChoice<"denoiser"> | undefined,
  { guidance, cache }: DenoiserFlags,
): ComponentChoice<"denoiser"> | undefined {
  const denoiser = cache === undefined ? chosen : withCache(chosen, cache);
  if (guidance === undefined) return asChoice(denoiser);
  if (isComponent(denoiser) || denoiser === undefined) return asChoice(guided(guidance, denoiser));
  const given = options(denoiser);
  return asChoice(given.name === "guided" ? { ...given, scale: guidance } : guided(guidance, denoiser));
}

// --- internal ---

type Options = Exclude<NamedChoice, string>;

function options(choice: unknown): Options {
  return typeof choice === "string" ? { name: choice } : (choice as Options);
}

function asChoice(choice: unknown): ComponentChoice<"denoiser"> | undefined {
  return isComponent(choice) ? (choice as Denoiser) : byName(choice as NamedChoice | undefined);
}

function guided(scale: number, denoiser: unknown): Options {
  return denoiser === undefined ? { name: "guided", scale } : { name: "guided", scale, denoiser };
}

function withCache(choice: unknown, cache: string): Options {
  if (isComponent(choice)) {
    throw new DiffusionError({
      code: "CONFIG_INVALID",
      component: "cli/options",
      problem: "expected a denoiser chosen by name to give it a cache, got one that the config made itself",
      remedy: "Make it with a cache in the config, or leave --cache out",
    });
  }
  if (choice === undefined) return { name: "huggingface", cache };
  const given = options(choice);
  if (given.name === "huggingface") return { ...given, cache };
  if (given.name === "onnx") {
    throw new DiffusionError({
      code: "CONFIG_INVALID",
      component: "cli/options",
      problem: "expected a model that is computed by its weights for --cache, got one by its ONNX file",
      remedy: "Leave --cache out, or choose --denoiser huggingface",
    });
  }
  return { ...given, denoiser: withCache(given.denoiser, cache) };
}
