import type { SamplerSettings, Settings } from "../settings.js";

/** The samplers of the settings, one or two, each with a title that tells it from the other. */
export function runsOf(settings: Settings): readonly (SamplerSettings & { readonly title: string })[] {
  const { sampler, steps, temperature, block, second } = settings;
  const first = { sampler, steps, temperature, block };
  if (second === undefined) return [{ ...first, title: sampler }];
  const differs = (key: keyof SamplerSettings) => first[key] !== second[key];
  return [first, second].map((each) => {
    const parts = [
      each.sampler,
      ...(differs("steps") ? [`${each.steps} steps`] : []),
      ...(differs("temperature") ? [`temperature ${each.temperature}`] : []),
      ...(differs("block") ? [each.block === 0 ? "no blocks" : `blocks of ${each.block}`] : []),
    ];
    return { ...each, title: parts.join(", ") };
  });
}
