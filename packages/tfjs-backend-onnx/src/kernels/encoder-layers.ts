import type { Operation } from "../graph/operation.js";
import { sizeOf } from "../recording/tensor-shape.js";
import { type KernelTable, kernel } from "./kernel.js";

/**
 * Kernels that tfjs has not, for the layers of a transformer. Composed of operations of tfjs, each writes more tables of
 * the size of its input, and the gradients keep more of them alive. A program finds out whether a backend has them
 * with `getKernel("LayerNorm", getBackend())` and calls them with `engine().runKernel`.
 *
 * - `LayerNorm`, inputs `x` [..., hidden], `scale` [hidden] and `offset` [hidden], attribute `epsilon`:
 *   `[normalised * scale + offset, mean [..., 1], 1 / deviation [..., 1]]`
 * - `LayerNormGrad`, inputs `upstream`, `x`, `scale`, `mean`, `inverseDeviation`: the gradients of `[x, scale, offset]`
 * - `GeluGrad`, inputs `upstream` and `x`: `upstream * (Phi(x) + x * phi(x))`, with the exact normal distribution
 */
export const encoderLayerKernels: KernelTable = {
  LayerNorm: kernel<{ epsilon: number }>(({ x, scale, offset }, { epsilon }, recorder) => {
    const statistics = { shape: [...x.shape.slice(0, -1), 1], dtype: "float32" as const };
    return recorder.record(layerNormOperation, [x, scale, offset], { epsilon }, [x, statistics, statistics]);
  }),
  LayerNormGrad: kernel(({ upstream, x, scale, mean, inverseDeviation }, _, recorder) => {
    const inputs = [upstream, x, scale, mean, inverseDeviation];
    return recorder.record(layerNormGradOperation, inputs, {}, [x, scale, scale]);
  }),
  GeluGrad: kernel(({ upstream, x }, _, recorder) => {
    return recorder.record(geluGradOperation, [upstream, x], {}, [x])[0];
  }),
};

// --- internal ---

const layerNormOperation: Operation = {
  name: "LayerNorm",
  lower(graph, { attributes, inputs, outputs }) {
    const names = inputs.map((edge) => graph.value(edge));
    const options = { axis: -1, epsilon: { float: attributes.epsilon as number } };
    // Without a gradient nobody wants the statistics, and the runtime may join the sum before the norm to it.
    const wanted = outputs.slice(0, outputs.slice(1).some((entry) => graph.isRead(entry)) ? 3 : 1);
    const results = graph.operators("LayerNormalization", names, options, { outputs: wanted.length });
    wanted.forEach((output, place) => {
      graph.bind(output, results[place]);
    });
  },
};

/** With `n` the normalised `x` and `g = upstream * scale`: `(g - mean(g) - n * mean(g * n)) / deviation`. */
const layerNormGradOperation: Operation = {
  name: "LayerNormGrad",
  lower(graph, { inputs: [upstream, x, scale, mean, inverse], outputs: [ofX, ofScale, ofOffset] }) {
    const hidden = scale.shape[0];
    const rows = sizeOf(x.shape) / hidden;
    const table = (edge: typeof x) => graph.reshape(graph.value(edge), [rows, hidden]);
    const column = (edge: typeof x) => graph.reshape(graph.value(edge), [rows, 1]);
    const [above, inverseDeviation, gain] = [table(upstream), column(inverse), graph.value(scale)];
    const centred = graph.operator("Sub", [table(x), column(mean)]);
    const normalised = graph.operator("Mul", [centred, inverseDeviation]);
    const product = graph.operator("Mul", [above, normalised]); // [rows, hidden]
    // As a product of matrices with the scale over `hidden`, which needs no table of g * n.
    const share = graph.operator("Mul", [gain, graph.scalar("float32", 1 / hidden)]);
    const meanProduct = graph.operator("MatMul", [product, graph.reshape(share, [hidden, 1])]); // [rows, 1]
    const g = graph.operator("Mul", [above, gain]);
    const meanG = graph.operator("ReduceMean", [g, graph.integers([1])], { keepdims: 1 });
    const towards = graph.operator("Mul", [normalised, meanProduct]);
    const rest = graph.operator("Sub", [graph.operator("Sub", [g, meanG]), towards]);
    const sumOfRows = (value: string) =>
      graph.operator("ReduceSum", [value, graph.integers([0])], { keepdims: 0 });
    graph.bind(ofX, graph.reshape(graph.operator("Mul", [rest, inverseDeviation]), x.shape));
    graph.bind(ofScale, sumOfRows(product));
    graph.bind(ofOffset, sumOfRows(above));
  },
};

/**
 * With `u = x / sqrt 2`: `upstream * ((1 + erf u) / 2 + u exp(-u^2) / sqrt pi)`. The hard sigmoid `min(1, max(0, y / 2 + 1 / 2))`
 * is its line exactly where `y` is an error function; a division by `exp(u^2)`, which may be infinite, is one operator
 * in place of three.
 */
const geluGradOperation: Operation = {
  name: "GeluGrad",
  lower(graph, { inputs: [upstream, x], outputs: [output] }) {
    const u = graph.operator("Mul", [graph.value(x), graph.scalar("float32", Math.SQRT1_2)]);
    const half = { float: 0.5 };
    const phi = graph.operator("HardSigmoid", [graph.operator("Erf", [u])], { alpha: half, beta: half });
    const power = graph.operator("Exp", [graph.operator("Mul", [u, u])]);
    const scaled = graph.operator("Mul", [
      graph.operator("Div", [u, power]),
      graph.scalar("float32", 1 / Math.sqrt(Math.PI)),
    ]);
    const slope = graph.operator("Add", [phi, scaled]);
    graph.bind(output, graph.operator("Mul", [graph.value(upstream), slope]));
  },
};
