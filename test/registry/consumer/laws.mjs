import { assertLaws, samplerLaws } from "@textdiffusion/testkit";
import { spreadSampler } from "textdiffusion-plugin-spread";

await assertLaws(samplerLaws(() => spreadSampler({ steps: 4, distance: 2 })));
