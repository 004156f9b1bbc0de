import { type Callback, decodeOptionsSync } from "@textdiffusion/core";
import { z } from "zod";

export const myComponentOptions = z.strictObject({
  boundNats: z
    .number()
    .positive()
    .default(1.5)
    .describe("The validation bound that is good enough, in nats a token."),
});

/** Options of `my-component`: `boundNats` (default 1.5). */
export type MyComponentOptions = z.input<typeof myComponentOptions>;

/**
 * Stops a training once a validation is as good as wanted.
 *
 * @throws DiffusionError `UNKNOWN_OPTION`, `CONFIG_INVALID`
 */
export function myComponentCallback(given: MyComponentOptions = {}): Callback {
  const options = decodeOptionsSync(myComponentOptions, given, "callback", 'callback "my-component"');
  return {
    name: "my-component",
    onEvent: (event) => {
      if (event.kind !== "validation" || event.boundNats > options.boundNats) return;
      return { stop: true, say: `${event.boundNats.toFixed(3)} nats a token are good enough` };
    },
  };
}
