import type { PreparedGraph } from "../recording/prepared-graph.js";
import { describeNode } from "../recording/recorded-node.js";

/**
 * Notices a program whose shapes never repeat: every step is then compiled anew, which takes far longer than to run
 * it. Says so once for each program, and which shape varies.
 */
export class ThrashWatch {
  readonly #families = new Map<string, Family>();

  /**
   * @param limit - compilations of one program from which on it thrashes
   */
  constructor(
    readonly limit: number,
    readonly warn: (message: string) => void,
  ) {}

  /** To be called for each graph that is compiled. */
  compiling({ nodes, leaves }: PreparedGraph): void {
    const family = nodes.map(({ operation }) => operation.name).join();
    const inputs = leaves.map(({ entry, shape }) => `${entry.type} [${shape.join(", ")}]`);
    const known = this.#families.get(family);
    if (!known) {
      if (this.#families.size >= mostFamilies) this.#families.clear();
      this.#families.set(family, { inputs, compilations: 1, warned: false });
      return;
    }
    known.compilations++;
    const varying = inputs.findIndex((input, leaf) => input !== known.inputs[leaf]);
    if (known.compilations > this.limit && varying >= 0 && !known.warned) {
      known.warned = true;
      const { entry } = leaves[varying];
      const reader = nodes.find((node) => node.inputs.some((edge) => edge.entry === entry))!;
      this.warn(
        `[tfjs-backend-onnx/cache] expected shapes that repeat, got ${known.compilations} compilations of the same ` +
          `${nodes.length} operations. An input that was ${known.inputs[varying]} is now ${inputs[varying]}; it is read by ` +
          `${describeNode(reader)}. Pad what varies to a few sizes. (SHAPES_VARY)`,
      );
    }
    known.inputs = inputs;
  }
}

// --- internal ---

interface Family {
  inputs: readonly string[];
  compilations: number;
  warned: boolean;
}

/** Programs that are remembered. */
const mostFamilies = 256;
