import type { FrozenWeights } from "../graph/frozen-weight.js";
import { markNeeded } from "./prepared-graph.js";
import type { Entry, RecordedNode } from "./recorded-node.js";

/** A recording in two parts, of which the second reads results of the first. */
export interface Stages<Node extends RecordedNode> {
  readonly parts: readonly (readonly Node[])[];
  /** Results of the first part that the second reads. They are kept until `endStages`. */
  readonly handedOn: ReadonlySet<Entry>;
}

/**
 * Divides a recording behind its frozen weights: all that leads to the last of them, and all that is made of it. What a
 * program does with the results of a model then does not change the model's graph, which holds the weights.
 */
export function stagesOf<Node extends RecordedNode>(
  recorded: readonly Node[],
  frozen: FrozenWeights,
): Stages<Node> {
  const whole: Stages<Node> = { parts: [recorded], handedOn: new Set() };
  if (frozen.size === 0) return whole;
  markNeeded(recorded);
  const first = new Set<RecordedNode>();
  for (let place = recorded.length - 1; place >= 0; place--) {
    const node = recorded[place];
    if (!node.needed) continue;
    if (first.has(node) || node.inputs.some(({ entry }) => frozen.has(entry))) {
      first.add(node);
      for (const { entry } of node.inputs) if (entry.node) first.add(entry.node);
    }
  }
  if (first.size === 0) return whole;
  const parts = [recorded.filter((node) => first.has(node)), recorded.filter((node) => !first.has(node))];
  const handedOn = new Set<Entry>();
  for (const { needed, inputs } of parts[1]) {
    if (!needed) continue;
    for (const { entry } of inputs) if (entry.node && first.has(entry.node)) handedOn.add(entry);
  }
  for (const entry of handedOn) entry.awaiting++;
  return { parts, handedOn };
}

/** After the first part has run, its results are values like any others. */
export function endPart(nodes: readonly RecordedNode[]): void {
  for (const { outputs } of nodes) {
    for (const entry of outputs) if (entry.values || entry.failure) entry.node = undefined;
  }
}

export function endStages({ handedOn }: Stages<RecordedNode>): void {
  for (const entry of handedOn) entry.awaiting--;
}
