import type { OnnxGraph, OnnxNode } from "../model/onnx-model.js";
import { type OpenAxis, productOf, sizeTemplate } from "../model/size-template.js";
import { OnnxBackendError } from "../onnx-backend-error.js";

/** An axis of an input whose size is left open under a name. */
export interface NamedAxis extends OpenAxis {
  readonly name: string;
}

/**
 * One graph for all sizes of the named axes, from recordings with different ones. The sizes of the results are fixed,
 * those of a named axis, or left open.
 *
 * @throws OnnxBackendError `UNSUPPORTED` naming the operator where the recordings differ in another way
 */
export function withDynamicSizes(graphs: readonly OnnxGraph[], axes: readonly NamedAxis[]): OnnxGraph {
  const template = sizeTemplate(graphs, axes);
  if ("differs" in template) throw dependsOnSize(template.differs);
  const outputs = graphs[0].outputs.map((output, place) => {
    const shape = output.shape.map((size, axis) => {
      const sizes = graphs.map((graph) => Number(graph.outputs[place].shape[axis]));
      const product = productOf(sizes, axes);
      if (product?.axes.length === 0) return size;
      const isAxis = product?.factor === 1 && product.axes.length === 1;
      return isAxis ? axes[product.axes[0]].name : `${output.name}_${axis}`;
    });
    return { ...output, shape };
  });
  return { ...template.graph, outputs };
}

// --- internal ---

function dependsOnSize({ name, operator }: OnnxNode): OnnxBackendError {
  return new OnnxBackendError({
    code: "UNSUPPORTED",
    component: "export",
    problem: `expected operators that fit every size of the named axes, got ${operator} (${name.split("/")[0]}) with a fixed one`,
    remedy: "Leave the axis without a name, or compute this part from the inputs",
  });
}
