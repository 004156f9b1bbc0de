import { createHash } from "node:crypto";
import type { TextDiffusion } from "../load-text-diffusion.js";
import { type Provenance, provenanceOf } from "../provenance.js";

/** What the figures of an evaluation rest on. Plain JSON. */
export interface EvaluationProvenance extends Provenance {
  readonly seed: number;
  /** What was asked for, defaults filled in. */
  readonly request: Readonly<Record<string, unknown>>;
  /** SHA-256 of the texts as UTF-8: what was scored, and what baselines and judge have learnt from. */
  readonly texts: { readonly heldOut?: string; readonly training?: string };
}

/** @throws DiffusionError `FILE_NOT_FOUND` */
export async function evaluationProvenance(
  model: TextDiffusion,
  {
    seed,
    request,
    texts: { heldOut, training },
  }: Pick<EvaluationProvenance, "seed" | "request"> & {
    /** The texts themselves. */
    readonly texts: EvaluationProvenance["texts"];
  },
): Promise<EvaluationProvenance> {
  return {
    ...(await provenanceOf(model)),
    seed,
    request,
    texts: {
      ...(heldOut !== undefined && { heldOut: sha256(heldOut) }),
      ...(training !== undefined && { training: sha256(training) }),
    },
  };
}

// --- internal ---

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
