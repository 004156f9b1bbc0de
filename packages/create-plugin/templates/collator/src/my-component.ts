import { type Collator, type ComponentDependencies, decodeOptionsSync } from "@textdiffusion/core";
import { composeCollator, countLevels, draws, lossReductions, rowPolicies } from "@textdiffusion/data";
import { z } from "zod";

export const myComponentOptions = z.strictObject({
  rowLength: z
    .int()
    .min(1)
    .optional()
    .describe(
      "Rows are padded to this length and none may be longer; default: the longest row of the batch.",
    ),
  beginning: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe("Largest share of a row that is a beginning, which is seen and never masked."),
});

/** Options of `my-component`: `rowLength` (default the longest row), `beginning` (0.5). */
export type MyComponentOptions = z.input<typeof myComponentOptions>;

/**
 * Rows as generation meets them: a beginning of random length is given, and of the rest an exact number of tokens, drawn
 * evenly from one to all, is masked.
 *
 * Each mask weighs the inverse of its row's mask rate, and rows count alike (`row-bound`), so the loss is a bound on the
 * negative log-likelihood of what follows the beginning.
 *
 * @throws DiffusionError `UNKNOWN_OPTION`, `CONFIG_INVALID`; also for a schedule whose noise differs between positions,
 *   under which there is no count for a row
 */
export function myComponentCollator(
  given: MyComponentOptions,
  { schedule, tokenizer }: ComponentDependencies["collator"],
): Collator {
  const { rowLength, beginning } = decodeOptionsSync(
    myComponentOptions,
    given,
    "collator",
    'collator "my-component"',
  );
  return composeCollator({
    name: "my-component",
    tokenizer,
    schedule,
    rows: rowPolicies({ rowLength, prefix: { kind: "random", maxShare: beginning } }),
    draw: draws["low-discrepancy"],
    levels: countLevels(schedule),
    loss: lossReductions["row-bound"],
  });
}
