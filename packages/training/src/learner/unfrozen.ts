import type * as tf from "@tensorflow/tfjs-core";
import { DiffusionError, listNames } from "@textdiffusion/core";

/**
 * The parameters that are learnt: all but those that a pattern names. In a pattern `*` stands for any characters, so
 * `*.embeddings.*` freezes the embeddings, and `*.layer.0.*` the first layer.
 *
 * @throws DiffusionError `CONFIG_INVALID` for a pattern that names nothing, and where nothing is left
 */
export function unfrozen(
  parameters: ReadonlyMap<string, tf.Variable>,
  patterns: readonly string[],
): ReadonlyMap<string, tf.Variable> {
  const frozen = new Set<string>();
  for (const pattern of patterns) {
    const names = [...parameters.keys()].filter((name) => expressionOf(pattern).test(name));
    if (names.length === 0) {
      throw invalid(
        `expected parameters that match "${pattern}", got none`,
        `Names: ${listNames([...parameters.keys()].slice(0, 40))}. * stands for any characters`,
      );
    }
    for (const name of names) frozen.add(name);
  }
  const learnt = new Map([...parameters].filter(([name]) => !frozen.has(name)));
  if (learnt.size > 0) return learnt;
  throw invalid(`expected a parameter to learn, got all ${parameters.size} frozen`, "Freeze fewer");
}

// --- internal ---

function expressionOf(pattern: string): RegExp {
  const parts = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`);
}

function invalid(problem: string, remedy: string): DiffusionError {
  return new DiffusionError({ code: "CONFIG_INVALID", component: "training/freeze", problem, remedy });
}
