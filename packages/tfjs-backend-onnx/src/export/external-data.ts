import type { OnnxGraph } from "../model/onnx-model.js";

/**
 * The graph with its larger constants in a file beside it. Each begins at a page, so that a runtime may map the file into
 * memory, as onnx.proto3 recommends.
 *
 * @param location - name of that file
 */
export function withExternalData(graph: OnnxGraph, location: string): OnnxGraph {
  let end = 0;
  const constants = graph.constants.map((constant) => {
    if (constant.bytes.length < smallestExternalBytes) return constant;
    const offset = Math.ceil(end / pageBytes) * pageBytes;
    end = offset + constant.bytes.length;
    return { ...constant, external: { location, offset } };
  });
  return { ...graph, constants };
}

/** The contents of the file beside a graph, one part after the other; none where the graph has all inside. */
export function dataParts({ constants }: OnnxGraph): readonly Uint8Array[] {
  let end = 0;
  return constants.flatMap(({ bytes, external }) => {
    if (!external) return [];
    const gap = new Uint8Array(external.offset - end);
    end = external.offset + bytes.length;
    return gap.length > 0 ? [gap, bytes] : [bytes];
  });
}

// --- internal ---

/** Below this a constant stays in the model. */
const smallestExternalBytes = 1024;

const pageBytes = 4096;
