// Compiled, not run: what the installed types say, with libraries checked.

import { loadConfig } from "@textdiffusion/cli";
import { createPipeline, type Sampler } from "@textdiffusion/core";
import { type CollatorParts, composeCollator } from "@textdiffusion/data";
import { measureSamples } from "@textdiffusion/evaluation";
import { confidenceSampler } from "@textdiffusion/samplers";
import { linearSchedule } from "@textdiffusion/schedules";
import { samplerLaws } from "@textdiffusion/testkit";
import { loadTextDiffusion, type TrainRequest, trainTextDiffusion } from "textdiffusion";
import plugin, { type SpreadOptions, spreadSampler } from "textdiffusion-plugin-spread";

export const sampler: Sampler = spreadSampler({ steps: 4 } satisfies SpreadOptions);
export const laws = samplerLaws(() => confidenceSampler({ steps: 4 }));
export const collator = (parts: CollatorParts) => composeCollator(parts);
export const measure = measureSamples;
export const config = loadConfig;
export const fineTune = (request: TrainRequest) => trainTextDiffusion(request);
export const load = loadTextDiffusion;

export const pipeline = createPipeline({
  plugins: [plugin],
  schedule: linearSchedule(),
  sampler: { name: "spread", steps: 4, distance: 2 },
});

// @ts-expect-error the plugin's options are known to configs
export const misspelt = createPipeline({ plugins: [plugin], sampler: { name: "spread", distanz: 2 } });
