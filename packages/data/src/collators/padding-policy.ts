import { DiffusionError, type SpecialTokenIds } from "@textdiffusion/core";
import { match } from "ts-pattern";

/**
 * What fills a row that is shorter than its batch:
 * - `ignored`: pad tokens that are not attended to and carry no loss (MDLM, the pads of BERT).
 * - `attended`: pad tokens that are attended to and carry no loss.
 * - `trained-as-end`: end tokens that are attended to, masked and learned like text, so that the model learns where to
 *   stop (the fine-tuning of LLaDA: Nie et al. 2025, arXiv:2502.09992). Too much of it teaches to stop at once.
 */
export const paddingPolicies = ["ignored", "attended", "trained-as-end"] as const;
export type PaddingPolicy = (typeof paddingPolicies)[number];

/** What stands at a padded position. */
export interface Padding {
  readonly id: number;
  readonly attended: 0 | 1;
  readonly maskable: 0 | 1;
}

/** @throws DiffusionError `DATA_INVALID` when the tokenizer lacks the token that the policy needs */
export function paddingOf(policy: PaddingPolicy, special: SpecialTokenIds): Padding {
  return match(policy)
    .with("ignored", () => ({ id: required("pad", special), attended: 0, maskable: 0 }) as const)
    .with("attended", () => ({ id: required("pad", special), attended: 1, maskable: 0 }) as const)
    .with("trained-as-end", () => ({ id: required("end", special), attended: 1, maskable: 1 }) as const)
    .exhaustive();
}

// --- internal ---

function required(role: "pad" | "end", special: SpecialTokenIds): number {
  const id = special[role];
  if (id !== undefined) return id;
  throw new DiffusionError({
    code: "DATA_INVALID",
    component: "data/padding",
    problem: `expected rows of one full length, since the tokenizer has no ${role} token to pad with, got a shorter row`,
    remedy: "Pack the text into full rows, or choose another padding",
  });
}
