import { doctor } from "@textdiffusion/backend-node";

const { backends } = await doctor();

/** Backends for Node that start on this machine beside `onnx`, `wasm` and `cpu`, which start everywhere. */
export const others = backends
  .filter(({ name, problem }) => problem === undefined && !["onnx", "wasm", "cpu"].includes(name))
  .map(({ name }) => name);

/** Why the others do not start, by their names. */
export const absent: Readonly<Record<string, string>> = Object.fromEntries(
  backends.flatMap(({ name, problem }) => (problem === undefined ? [] : [[name, problem]])),
);
