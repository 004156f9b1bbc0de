import {
  type GenerationEvent,
  type GenerationRequest,
  type TraceHeader,
  type TraceParent,
  traceHeader,
} from "@textdiffusion/core";
import type { TextDiffusion } from "../load-text-diffusion.js";
import { provenanceOf } from "../provenance.js";
import { recordTrace } from "./trace-file.js";

/**
 * A generation that is written into a file while it happens:
 *
 * ```ts
 * for await (const event of traceToFile("run.jsonl", model, { prompts: ["The fox"], seed: 7 })) console.log(event.kind);
 * ```
 *
 * @param file - written over if it is there
 * @param parent - of a fork, as `forkTrace` gives it
 * @throws DiffusionError `FILE_NOT_WRITABLE`, and what `model.stream` throws
 */
export async function* traceToFile(
  file: string,
  model: TextDiffusion,
  request: GenerationRequest = {},
  parent?: TraceParent,
): AsyncGenerator<GenerationEvent, void, void> {
  const { request: found } = await model.searchGaps(request); // a trace has the lengths, not the search
  const header = await traceHeaderOf(model, found, parent);
  yield* recordTrace(file, header, model.stream(found), await model.get("tokenizer"));
}

/**
 * The header of a generation: the model's settings and the hashes of its files, the request, the versions of what runs it.
 *
 * @throws DiffusionError `FILE_NOT_FOUND`, `TRACE_INVALID`
 */
export async function traceHeaderOf(
  model: TextDiffusion,
  request: GenerationRequest = {},
  parent?: TraceParent,
): Promise<TraceHeader> {
  const { config: settings, ...provenance } = await provenanceOf(model);
  const { length, frame, ...config } = settings;
  const { seed = 0, signal: _, from, ...asked } = request;
  const tokenizer = await model.get("tokenizer");
  return traceHeader({
    seed,
    config,
    request: from === undefined ? { prompts: [""], length, frame, ...given(asked) } : asked,
    tokenizer,
    ...provenance,
    parent,
  });
}

// --- internal ---

/** What was said, without what was not. */
function given<Values extends object>(values: Values): Partial<Values> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Partial<Values>;
}
