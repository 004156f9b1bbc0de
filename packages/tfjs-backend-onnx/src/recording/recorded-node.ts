import { dequantize, type Int8Table } from "../storage/int8-table.js";

/** The types of tfjs that the backend computes with. Strings are kept, not computed with. */
export type ComputedType = "float32" | "int32" | "bool";

export type Values = Float32Array | Int32Array | Uint8Array;

/**
 * What stands behind a `dataId` of tfjs. It begins as values from the host or as the output of a recorded node, and
 * turns into values or into an error when the node has run. Values never change once they are there.
 */
export class Entry {
  /** References from tensors. At zero the entry is dead: it is computed only if a live one needs it. */
  references = 1;
  /** Recorded nodes that read the values; a disposed entry keeps them until those ran. */
  readers = 0;
  /** Reads that wait for the values; they have a right to them even if the tensor is disposed meanwhile. */
  awaiting = 0;
  /** The node that will compute the entry; undefined once it ran, and for values from the host. */
  node: RecordedNode | undefined;
  /** Which of the node's outputs this is. */
  output = 0;
  values: Values | undefined;
  /** The values in a quarter of the memory; once `values` is gone they are what the entry is. */
  int8: Int8Table | undefined;
  /** Why there are no values: reading throws it. */
  failure: Error | undefined;
  /** Somebody outside holds the array, so it never goes back to the pool. */
  escaped = false;
  /** A variable took it as its value before it was computed. */
  assigned = false;
  /** It is the value of the variable that is assigned to last in each step of training. */
  endsStep = false;
  /** A single number from the host: a constant of the graph, until a later run has another. */
  constant = false;
  /** The one number that every element has, where that is known while recording. */
  uniform: number | undefined;
  /** The runtime's view of the values in the shape `fedShape`, made when they are first fed. */
  fed: unknown;
  fedShape: readonly number[] | undefined;
  /** Place among the inputs of the graph that `leafOf` names. */
  leaf = -1;
  leafOf = -1;

  constructor(
    readonly shape: readonly number[],
    readonly type: ComputedType,
  ) {}

  /** The values of an entry that is computed, as floats again where only integers were kept. */
  hostValues(): Values {
    if (!this.values && this.int8) this.values = dequantize(this.int8);
    return this.values!;
  }

  /** Keeps the integers alone. */
  releaseFloats(): void {
    this.values = undefined;
    this.fed = undefined;
  }
}

/** An input of a node: the entry, and the shape in which the kernel saw it (a reshape shares the entry). */
export interface Edge {
  readonly entry: Entry;
  readonly shape: readonly number[];
}

/** A kernel call that has not run yet. */
export interface RecordedNode<Operation extends { readonly name: string } = { readonly name: string }> {
  readonly operation: Operation;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly inputs: readonly Edge[];
  readonly outputs: readonly Entry[];
  /** Stands for the operation, its attributes, shapes and types; equal numbers mean equal nodes. */
  readonly signature: number;
  /** Whether something live needs it; decided when the graph is prepared. */
  needed: boolean;
  /** Place among the needed nodes of the graph in preparation. */
  index: number;
}

/** `GatherV2(float32 [50, 64], int32 [4, 16]) -> float32 [4, 16, 64]`, for messages. */
export function describeNode({ operation, inputs, outputs }: RecordedNode): string {
  const describe = (type: string, shape: readonly number[]) => `${type} [${shape.join(", ")}]`;
  const from = inputs.map(({ entry, shape }) => describe(entry.type, shape)).join(", ");
  const to = outputs.map((entry) => describe(entry.type, entry.shape)).join(", ");
  return `${operation.name}(${from}) -> ${to}`;
}
