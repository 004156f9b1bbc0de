import {
  API_VERSION,
  type ComponentKind,
  type ComponentKinds,
  defineBackend,
  defineCallback,
  defineCollator,
  defineDenoiser,
  definePlugin,
  defineSampler,
  defineSchedule,
  defineSource,
  defineTokenizer,
} from "@textdiffusion/core";
import { z } from "zod";

/**
 * Wraps any component in one that does the same: `{ name: "identity", inner: { name: "confidence" } }`. What holds of a
 * component holds of it through the seam of plugins, or the seam is at fault.
 */
export const identityPlugin = definePlugin({
  name: "textdiffusion-plugin-identity",
  apiVersion: API_VERSION,
  backends: [defineBackend(identity("backend"))],
  callbacks: [defineCallback(identity("callback"))],
  collators: [defineCollator(identity("collator"))],
  denoisers: [defineDenoiser(identity("denoiser"))],
  samplers: [defineSampler(identity("sampler"))],
  schedules: [defineSchedule(identity("schedule"))],
  sources: [defineSource(identity("source"))],
  tokenizers: [defineTokenizer(identity("tokenizer"))],
});

function identity<Kind extends ComponentKind>(kind: Kind) {
  return {
    name: "identity",
    description: "Does what the component within does.",
    options: z.strictObject({
      inner: (z.unknown() as z.ZodType<ComponentKinds[Kind]>).describe("the component within"),
    }),
    choices: { inner: kind },
    // What is within belongs to who made it, who disposes of it.
    create: ({ inner }: { readonly inner: ComponentKinds[Kind] }): ComponentKinds[Kind] =>
      Object.create(inner, { ...("dispose" in inner && { dispose: { value: () => undefined } }) }),
  };
}
