import plain from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import threaded from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";
import config from "../../../packages/tiny-model/model/config.json?url";
import weights from "../../../packages/tiny-model/model/model.safetensors?url";
import tokenizer from "../../../packages/tiny-model/model/tokenizer.json?url";
import tokenizerConfig from "../../../packages/tiny-model/model/tokenizer_config.json?url";
import { refused } from "./models/own-model.js";

/** Where tfjs's WebAssembly lies on this site. */
export const wasmPaths = {
  "tfjs-backend-wasm.wasm": absolute(plain),
  "tfjs-backend-wasm-simd.wasm": absolute(simd),
  "tfjs-backend-wasm-threaded-simd.wasm": absolute(threaded),
};

let files: Promise<Readonly<Record<string, Uint8Array | string>>> | undefined;

/** The files of the model that ships by their names, fetched from this site once. */
export function fetchTinyModel(): Promise<Readonly<Record<string, Uint8Array | string>>> {
  files ??= fetchFiles().catch((error) => {
    files = undefined;
    throw error;
  });
  return files;
}

// --- internal ---

async function fetchFiles() {
  const [configText, tokenizerText, tokenizerConfigText, weightBytes] = await Promise.all([
    get(config).then((response) => response.text()),
    get(tokenizer).then((response) => response.text()),
    get(tokenizerConfig).then((response) => response.text()),
    get(weights).then((response) => response.arrayBuffer()),
  ]);
  return {
    "config.json": configText,
    "model.safetensors": new Uint8Array(weightBytes),
    "tokenizer.json": tokenizerText,
    "tokenizer_config.json": tokenizerConfigText,
  };
}

function absolute(address: string): string {
  return new URL(address, import.meta.url).href;
}

async function get(address: string): Promise<Response> {
  const response = await fetch(address).catch((cause: unknown) => {
    throw absent(address, "no answer", cause);
  });
  if (response.ok) return response;
  throw absent(address, `the answer ${response.status}`);
}

function absent(address: string, got: string, cause?: unknown) {
  const { pathname } = new URL(address, import.meta.url);
  return refused(
    `expected the file ${pathname} of the model that ships, got ${got}`,
    "Reload the page",
    undefined,
    cause,
  );
}
