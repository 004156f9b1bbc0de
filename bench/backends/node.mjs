// Measures one backend in a process of its own: node bench/backends/node.mjs '{"name":"wasm"}'. Prints one line of JSON.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startBackend } from "@textdiffusion/backend-node";
import { tinyModelFolder } from "@textdiffusion/tiny-model";
import { measureAll } from "./operations.mjs";

const { name, ...options } = JSON.parse(process.argv[2]);
const backend = await startBackend(name, options);
const read = (file) => readFileSync(join(tinyModelFolder, file));
const files = {
  "config.json": String(read("config.json")),
  "model.safetensors": new Uint8Array(read("model.safetensors")),
};
const { device } = backend.capabilities;
const results = await measureAll(files);
await backend.dispose();
console.log(JSON.stringify({ device, results }));
