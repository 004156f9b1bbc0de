import type { PreparedGraph } from "../recording/prepared-graph.js";
import type { Entry, RecordedNode } from "../recording/recorded-node.js";
import { sameShape } from "../recording/tensor-shape.js";

/**
 * For each output the leaf whose array it may be written into, if nobody wants the leaf afterwards: the moments of an
 * optimizer then need no second copy.
 *
 * The runtime knows nothing of it, so it must be right in whatever order it runs. It is where the leaf has one reader,
 * and from there to the output lead only operators that make each number from the numbers at its place: the output
 * cannot be written before the leaf was read. A parameter does not qualify, because the backward pass reads it too.
 */
export function planReuse({ nodes, leaves, outputs }: PreparedGraph): ReadonlyMap<number, number> {
  const readers = new Map<Entry, RecordedNode[]>();
  for (const node of nodes) {
    for (const { entry } of node.inputs) {
      const known = readers.get(entry);
      if (known) known.push(node);
      else readers.set(entry, [node]);
    }
  }
  const places = new Map(outputs.map((entry, place) => [entry, place]));
  const plan = new Map<number, number>();
  leaves.forEach(({ entry: leaf }, index) => {
    const first = readers.get(leaf)!;
    if (first.length > 1 || leaf.constant) return;
    for (let front = first, seen = new Set(first); front.length > 0; ) {
      const next: RecordedNode[] = [];
      for (const node of front) {
        if (!isPlacewise(node, leaf)) continue;
        const [output] = node.outputs;
        const place = places.get(output);
        if (place !== undefined && output.type === leaf.type && !plan.has(place)) {
          plan.set(place, index);
          return;
        }
        for (const reader of readers.get(output) ?? []) {
          if (!seen.has(reader)) next.push(reader);
          seen.add(reader);
        }
      }
      front = next;
    }
  });
  return plan;
}

// --- internal ---

const placewise = new Set(["Add", "Sub", "Multiply", "RealDiv", "Sqrt", "Square"]);

/** Whether each number of the result is made from the numbers at its place, and from single ones. */
function isPlacewise({ operation, inputs, outputs: [output] }: RecordedNode, leaf: Entry): boolean {
  if (!placewise.has(operation.name) || !sameShape(output.shape, leaf.shape)) return false;
  return inputs.every(({ entry, shape }) => entry !== leaf || sameShape(shape, leaf.shape));
}
