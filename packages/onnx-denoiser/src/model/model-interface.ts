import { DiffusionError, type ErrorCode, listNames } from "@textdiffusion/core";
import type { OnnxSession, OnnxValue } from "../session/onnx-session.js";

/** How the inputs of a masked language model are fed. */
export interface ModelInterface {
  /** Whether the file wants int64, as optimum exports them, or int32. */
  readonly integers: "int64" | "int32";
  /** Inputs that are 0 everywhere: text is always of type 0. */
  readonly zeros: readonly string[];
  /** Rows of a run where the file has them fixed at 1. */
  readonly rowsAtOnce?: 1;
  /** Width of the logits, where the file says it. */
  readonly vocabularySize?: number;
}

/** Names of Hugging Face's optimum, which we export under as well. */
export const names = {
  ids: "input_ids",
  mask: "attention_mask",
  types: "token_type_ids",
  logits: "logits",
} as const;

/**
 * Looks at what a file wants and gives.
 *
 * @throws DiffusionError `MODEL_INVALID` for a file that is no masked language model, `UNSUPPORTED` for one of fixed sizes
 * or types that are not fed
 */
export function readInterface({ source, inputs, outputs }: OnnxSession): ModelInterface {
  const required = [names.ids, names.mask];
  const known: readonly string[] = [...required, names.types];
  const found = inputs.map(({ name }) => name);
  const missing = required.find((name) => !found.includes(name));
  if (missing) {
    throw invalid(
      "MODEL_INVALID",
      `expected the inputs ${listNames(required)} in ${source}, got ${listNames(found)}`,
      "Export a masked language model, for fill-mask in optimum's words",
    );
  }
  const stranger = found.find((name) => !known.includes(name));
  if (stranger) {
    throw invalid(
      "UNSUPPORTED",
      `expected inputs among ${listNames(known)} in ${source}, got "${stranger}" as well`,
      "Export the model without it",
    );
  }
  const logits = outputs.find(({ name }) => name === names.logits);
  if (!logits) {
    throw invalid(
      "MODEL_INVALID",
      `expected the output "${names.logits}" in ${source}, got ${listNames(outputs.map(({ name }) => name))}`,
      "Export it with its language-model head, for fill-mask in optimum's words",
    );
  }
  if (logits.type !== "float32") {
    throw invalid(
      "UNSUPPORTED",
      `expected logits of float32 in ${source}, got ${logits.type}`,
      "Use a file whose inputs and outputs are float32, whatever its weights are",
    );
  }
  const width = logits.shape.at(-1);
  return {
    integers: integersOf(inputs, source),
    zeros: found.includes(names.types) ? [names.types] : [],
    ...(isBatchOne(inputs, source) && { rowsAtOnce: 1 }),
    ...(isSize(width) && { vocabularySize: width }),
  };
}

// --- internal ---

function integersOf(inputs: readonly OnnxValue[], source: string): "int64" | "int32" {
  const types = new Set(inputs.map(({ type }) => type));
  const [type] = types;
  if (types.size === 1 && (type === "int64" || type === "int32")) return type;
  throw invalid(
    "UNSUPPORTED",
    `expected inputs of int64 in ${source}, got ${[...types].join(" and ")}`,
    "Export the model with integer inputs",
  );
}

/** Files with open sizes, or rows one by one, are fed; others would need every canvas padded to their size. */
function isBatchOne(inputs: readonly OnnxValue[], source: string): boolean {
  let isOne = false;
  for (const { name, shape } of inputs) {
    const [batch, seq] = shape;
    if (shape.length > 0 && shape.length !== 2) throw fixed(name, shape, source);
    if (isSize(seq) || (isSize(batch) && batch !== 1)) throw fixed(name, shape, source);
    isOne ||= batch === 1;
  }
  return isOne;
}

const isSize = (size: number | string | undefined): size is number => typeof size === "number" && size > 0;

function fixed(name: string, shape: readonly (number | string)[], source: string): DiffusionError {
  return invalid(
    "UNSUPPORTED",
    `expected ${name} of any batch and length in ${source}, got the shape [${shape.join(", ")}]`,
    "Export it with dynamic axes",
  );
}

function invalid(code: ErrorCode, problem: string, remedy: string): DiffusionError {
  return new DiffusionError({ code, component: "onnx-denoiser/model", problem, remedy });
}
