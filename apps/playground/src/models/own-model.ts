import { DiffusionError, type ErrorCode } from "@textdiffusion/core";

/** A model that the page was given. */
export interface OwnModel {
  readonly name: string;
  readonly origin: "files" | "hub";
  /** The commit, of one from the Hub. */
  readonly revision?: string;
  /** By their paths in the model's folder. */
  readonly files: Readonly<Record<string, Blob>>;
}

/** What the page tells of a model. */
export interface ModelInfo {
  readonly name: string;
  readonly origin: "shipped" | OwnModel["origin"];
  readonly revision?: string;
  /** Of the weights. */
  readonly sizeBytes: number;
  /** Longest text in tokens. */
  readonly maxLength: number;
  /** `BERT, 2 layers, 128 wide`; what kind of file it is where the config does not say more. */
  readonly kind: string;
}

export interface FileAt {
  /** As the folder or the list gives it: `my-model/config.json`. */
  readonly path: string;
}

/**
 * The files of a model among those that were given: of the folder with the config, at any depth, those that are read.
 *
 * @param source - where they come from, for messages
 * @returns by their paths in that folder
 * @throws DiffusionError `FILE_NOT_FOUND` for a model without what it needs
 */
export function modelFilesAmong<File extends FileAt>(
  given: readonly File[],
  source: string,
): ReadonlyMap<string, File> {
  const config = given
    .filter(({ path }) => nameOf(path) === "config.json")
    .sort((a, b) => depthOf(a.path) - depthOf(b.path))[0];
  if (!config) throw lacks(source, "config.json", given);
  const root = config.path.slice(0, -"config.json".length);
  const files = new Map(
    given.filter(({ path }) => path.startsWith(root)).map((file) => [file.path.slice(root.length), file]),
  );
  if (!files.has("tokenizer.json")) throw lacks(source, "tokenizer.json", given);
  const weights = weightPaths([...files.keys()]);
  if (weights.length === 0) throw lacks(source, "model.safetensors or model.onnx", given);
  const wanted = [...texts.filter((name) => files.has(name)), ...weights];
  return new Map(wanted.map((path) => [path, files.get(path) as File]));
}

/** The path of the ONNX file, where the model has one instead of weights. */
export function onnxPathOf(paths: Iterable<string>): string | undefined {
  return [...paths].find((path) => path.endsWith(".onnx"));
}

export function refused(
  problem: string,
  remedy: string,
  code: ErrorCode = "FILE_NOT_FOUND",
  cause?: unknown,
): DiffusionError {
  return new DiffusionError({ code, component: "playground/model", problem, remedy, cause });
}

// --- internal ---

const index = "model.safetensors.index.json";
const texts = [
  "config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "textdiffusion.json",
];

const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);
const depthOf = (path: string) => path.split("/").length;

/** Weights before ONNX, whole before shards, floats before 8-bit integers. */
function weightPaths(paths: readonly string[]): readonly string[] {
  if (paths.includes("model.safetensors")) return ["model.safetensors"];
  const shards = paths.filter((path) => /^model-\d+-of-\d+\.safetensors$/.test(path));
  if (paths.includes(index)) return [index, ...shards];
  const graphs = paths.filter((path) => /^(onnx\/)?[^/]+\.onnx$/.test(path));
  const [graph] = [
    ...["onnx/model.onnx", "model.onnx", "onnx/model_quantized.onnx", "model_quantized.onnx"].filter((path) =>
      graphs.includes(path),
    ),
    ...graphs,
  ];
  if (graph === undefined) return [];
  const data = paths.filter((path) => path.startsWith(graph) && path !== graph); // model.onnx_data, model.onnx.data
  return [graph, ...data];
}

function lacks(source: string, what: string, given: readonly FileAt[]): DiffusionError {
  const names = given.map(({ path }) => nameOf(path));
  const found =
    names.length > 8 ? `${names.slice(0, 8).join(", ")} and ${names.length - 8} more` : names.join(", ");
  const isPickled = what.includes("safetensors") && names.some((name) => /\.(bin|pt|h5|msgpack)$/.test(name));
  return refused(
    `expected ${what} of the model ${source}, got ${found || "no file"}`,
    isPickled
      ? "Weights of PyTorch or TensorFlow are not read: save it with safetensors, by Python's transformers"
      : "Give the whole folder of a model: config.json, tokenizer.json, and model.safetensors or model.onnx",
  );
}
