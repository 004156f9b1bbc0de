/** What the test runs in the browser: bundled, and called by name from outside. */
import * as tf from "@tensorflow/tfjs-core";
import { createBackend, doctor, startBackend } from "@textdiffusion/backend-web";
import {
  connectPipeline,
  DiffusionError,
  type GenerationRequest,
  type KnownChoice,
} from "@textdiffusion/core";
import { backendLaws, tensorflowProbe } from "@textdiffusion/testkit";
import { options, tinyPipeline } from "./tiny-pipeline.js";

/** A text and the log-probability of each token that was drawn, of the tiny model on a backend. */
async function generate(name: string, request: object, sampler: KnownChoice<"sampler">, threads?: number) {
  const backend = await startBackend(name, { ...options, threads });
  const before = tf.memory().numTensors;
  const { pipeline, denoiser, tokenizer } = await tinyPipeline(sampler);
  const logProbs: number[] = [];
  let text = "";
  for await (const event of pipeline.stream(request)) {
    if (event.kind === "step") logProbs.push(...event.revealed.map(({ logProb }) => logProb as number));
    if (event.kind === "finished") text = tokenizer.decode(event.ids);
  }
  await pipeline.dispose();
  denoiser.dispose();
  const left = tf.memory().numTensors - before;
  const { device } = backend.capabilities;
  await backend.dispose();
  return { device, text, logProbs, left };
}

/** The text that the pipeline of a Worker gives, and what comes of an abort after the first step. */
async function generateInWorker(request: GenerationRequest) {
  const worker = new Worker("worker.js", { type: "module" });
  const pipeline = connectPipeline(worker);
  const { texts } = await pipeline.generate(request);
  const controller = new AbortController();
  let steps = 0;
  let failure: unknown;
  try {
    for await (const { kind } of pipeline.stream({ ...request, signal: controller.signal })) {
      if (kind !== "step") continue;
      steps++;
      controller.abort();
    }
  } catch (error) {
    failure = DiffusionError.is(error) ? error.code : error;
  }
  pipeline.close();
  worker.terminate();
  return { text: texts[0], steps, failure };
}

/** What `auto` is, and why it is nothing else. */
async function auto() {
  const backend = await startBackend("auto", options);
  const { passedBy } = backend as unknown as { readonly passedBy: readonly object[] };
  const { name } = backend;
  await backend.dispose();
  return { name, passedBy };
}

/** Names of the laws of backends, values and gradients among them, that one does not keep. */
async function brokenLaws(name: string): Promise<string[]> {
  const broken: string[] = [];
  for (const law of backendLaws(() => createBackend({ name, ...options }), { probe: tensorflowProbe(tf) })) {
    if (law.skip !== undefined) continue;
    await Promise.resolve(law.run()).catch((error) => broken.push(`${law.name}: ${error}`));
  }
  return broken;
}

/** The error of a read after something was done to the backend. */
async function failureAfter(name: string, harm: "device lost" | "memory"): Promise<string> {
  const backend = await startBackend(name, options);
  try {
    if (harm === "memory") {
      await tf.ones([64]).data(); // the first allocation is another function's
      tf.fill([5, 256, 1024, 1024], 1); // 5 GiB, where there are at most 4
      return "no error";
    }
    const inner = tf.backend() as unknown as {
      readonly canvas?: OffscreenCanvas;
      readonly device?: { destroy(): void };
    };
    inner.device?.destroy();
    const context = inner.canvas?.getContext("webgl2") as WebGL2RenderingContext | undefined;
    context?.getExtension("WEBGL_lose_context")?.loseContext();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await tf.add(tf.ones([64, 64]), 1).data();
    return "no error";
  } catch (error) {
    return DiffusionError.is(error) ? error.message : `not ours: ${error}`;
  } finally {
    await backend.dispose();
  }
}

Object.assign(globalThis, {
  ...{ generate, generateInWorker, auto, brokenLaws, failureAfter },
  doctor: () => doctor(options),
});
