import type { FrozenWeights } from "../graph/frozen-weight.js";
import type { Edge, Entry, RecordedNode } from "./recorded-node.js";

/** The part of a recording that runs together: what is live, everything it needs, and a key of its structure. */
export interface PreparedGraph<Node extends RecordedNode = RecordedNode> {
  /** In the order of recording, which is an order of computation. */
  readonly nodes: readonly Node[];
  /** Entries with values that the nodes read, each in the shape in which it is read first. */
  readonly leaves: readonly Edge[];
  /** Live entries that the nodes compute. */
  readonly outputs: readonly Entry[];
  /** Equal keys mean equal graphs, but for the values of the leaves. */
  readonly key: Int32Array;
}

/**
 * Picks what has to run.
 *
 * The rule: a node is needed when one of its outputs is live (some tensor still refers to it) or is read by a needed
 * node; all other nodes are dropped. Every live output is computed, so after the run no recorded node is left. That
 * is sound, because whatever a program can still ask for is either live now or not recorded yet; and nothing is ever
 * computed twice. `dispose` and `tidy` are what make an entry dead, as they are what frees memory elsewhere.
 *
 * Computing only what the read tensor needs would be wrong: the loss does not need the update of the optimizer, which
 * would stay recorded and take the whole step with it into the next graph.
 *
 * @param frozen - leaves whose values are part of the graph
 */
export function prepareGraph<Node extends RecordedNode>(
  recorded: readonly Node[],
  frozen: FrozenWeights,
): PreparedGraph<Node> {
  markNeeded(recorded);
  const run = nextRun++;
  const nodes: Node[] = [];
  const leaves: Edge[] = [];
  const outputs: Entry[] = [];
  const key: number[] = [];
  for (const node of recorded) {
    if (!node.needed) continue;
    node.index = nodes.push(node) - 1;
    key.push(node.signature);
    for (const edge of node.inputs) {
      const { entry } = edge;
      if (entry.node) {
        key.push(entry.node.index * 2, entry.output);
        continue;
      }
      if (entry.leafOf !== run) {
        entry.leafOf = run;
        entry.leaf = leaves.push(edge) - 1;
      }
      key.push(entry.leaf * 2 + 1, entry.constant ? 1 : (frozen.get(entry)?.number ?? 0));
    }
    for (const entry of node.outputs) {
      const live = isLive(entry, node);
      if (live) outputs.push(entry);
      key.push(Number(live));
    }
  }
  return { nodes, leaves, outputs, key: Int32Array.from(key) };
}

/** Finds the nodes that something live needs. */
export function markNeeded(recorded: readonly RecordedNode[]): void {
  for (let place = recorded.length - 1; place >= 0; place--) {
    const node = recorded[place];
    node.needed ||= node.outputs.some((entry) => isLive(entry, node));
    if (!node.needed) continue;
    for (const { entry } of node.inputs) if (entry.node) entry.node.needed = true;
  }
}

/** A hash of the key: FNV-1a over its numbers. */
export function hashKey(key: Int32Array): number {
  let hash = 0x811c9dc5;
  for (const part of key) hash = Math.imul(hash ^ part, 0x01000193);
  return hash;
}

export function sameKey(a: Int32Array, b: Int32Array): boolean {
  if (a.length !== b.length) return false;
  for (let place = 0; place < a.length; place++) if (a[place] !== b[place]) return false;
  return true;
}

/**
 * The parts of a recording that share no computation. When a run fails, they run one by one, and only the part with
 * the failure is lost.
 */
export function independentParts<Node extends RecordedNode>(nodes: readonly Node[]): Node[][] {
  const leader = nodes.map((_, index) => index);
  const find = (index: number): number => {
    let root = index;
    while (leader[root] !== root) root = leader[root];
    leader[index] = root;
    return root;
  };
  const places = new Map<RecordedNode, number>(nodes.map((node, index) => [node, index]));
  nodes.forEach((node, index) => {
    for (const { entry } of node.inputs) {
      const producer = entry.node && places.get(entry.node);
      if (producer !== undefined) leader[find(producer)] = find(index);
    }
  });
  const parts = new Map<number, Node[]>();
  nodes.forEach((node, index) => {
    const root = find(index);
    const part = parts.get(root);
    if (part) part.push(node);
    else parts.set(root, [node]);
  });
  return [...parts.values()];
}

// --- internal ---

let nextRun = 0;

/** A fill that was wanted early has its values already, and is nobody's output any more. */
function isLive(entry: Entry, node: RecordedNode): boolean {
  return entry.references + entry.awaiting > 0 && entry.node === node;
}
