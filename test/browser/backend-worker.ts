/** A Worker that serves the model that ships. */
import { startBackend } from "@textdiffusion/backend-web";
import { type MessageEnd, servePipeline } from "@textdiffusion/core";
import { options, tinyPipeline } from "./tiny-pipeline.js";

async function start() {
  await startBackend("wasm", options);
  const { pipeline } = await tinyPipeline({ name: "confidence", steps: 3, temperature: 0.7 });
  return pipeline;
}

servePipeline(self as unknown as MessageEnd, start()); // the tests compile with the types of pages, not of Workers
