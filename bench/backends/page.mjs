// What bench/backends.mjs runs in a browser.
import { startBackend } from "@textdiffusion/backend-web";
import { measureAll } from "./operations.mjs";

globalThis.measure = async (name) => {
  const backend = await startBackend(name, {
    wasmPaths: "/wasm/",
    onnxRuntime: () => {
      const address = "/onnx/ort.wasm.min.mjs"; // not for the bundler
      return import(address);
    },
  });
  const { device } = backend.capabilities;
  const files = {
    "config.json": await (await fetch("/model/config.json")).text(),
    "model.safetensors": new Uint8Array(await (await fetch("/model/model.safetensors")).arrayBuffer()),
  };
  const results = await measureAll(files);
  await backend.dispose();
  return { device, results };
};
