import type { PipelineConfig } from "../composition/config.js";
import { compose } from "../composition/container.js";
import { componentKinds } from "../composition/manifest.js";
import { Registry } from "../composition/registry.js";
import type { ComponentKind, ComponentKinds } from "../contracts/component.js";
import type { Constraint } from "../contracts/constraint.js";
import type { Denoiser } from "../contracts/denoiser.js";
import type { Tokenizer } from "../contracts/tokenizer.js";
import { DiffusionError, listNames } from "../errors/diffusion-error.js";
import type { GenerationEvent } from "../loop/events.js";
import type { GenerationState, RunProgress } from "../loop/generation-state.js";
import { reverseLoop } from "../loop/reverse-loop.js";
import type { Canvas } from "../values/canvas.js";
import { collectGeneration, type Generation } from "./collect-generation.js";
import { type CanvasRequest, openCanvas } from "./open-canvas.js";
import { textsOf } from "./texts-of.js";

export interface GenerationRequest extends Omit<CanvasRequest, "length" | "maxLength"> {
  /** Tokens of the whole row, prompt included. Default: the longest canvas of the denoiser. */
  readonly length?: number;
  /** Go on from this state of another run (`stateAtStep`), instead of beginning with prompts. */
  readonly from?: GenerationState;
  /** Default 0. */
  readonly seed?: number;
  /**
   * Special tokens that may be written, as ids. Default none: the text holds no pad, begin, end or unknown token. Where the
   * end token is allowed, samplers that stop at it (`blocks`) fill what comes after with it.
   */
  readonly allowSpecial?: readonly number[];
  /** What the text of each row must meet, as `regexConstraint` makes it. */
  readonly constraint?: Constraint;
  readonly signal?: AbortSignal;
}

/** A composed pipeline. It owns what it created from names; dispose it when done. */
export interface Pipeline {
  readonly registry: Registry;
  /** A part of the pipeline. @throws DiffusionError `CONFIG_INVALID` when the config has none. */
  get<Kind extends ComponentKind>(kind: Kind): Promise<ComponentKinds[Kind]>;
  /** The generation as it happens. Leaving the loop early stops it. */
  stream(request?: GenerationRequest): AsyncGenerator<GenerationEvent, void, void>;
  generate(request?: GenerationRequest): Promise<Generation>;
  dispose(): Promise<void>;
}

/**
 * Composes a pipeline from a config: names looked up in `plugins`, or components passed as values.
 *
 * ```ts
 * const pipeline = await createPipeline({ plugins, tokenizer, denoiser, schedule: "linear", sampler: { name: "confidence", steps: 16 } });
 * const { texts } = await pipeline.generate({ prompts: ["ROMEO:"], length: 128, seed: 7 });
 * ```
 *
 * @throws DiffusionError `UNKNOWN_COMPONENT`, `UNKNOWN_OPTION`, `CONFIG_INVALID`, `DUPLICATE_COMPONENT`, `PLUGIN_INVALID`
 */
export async function createPipeline(config: PipelineConfig): Promise<Pipeline> {
  assertKeys(config);
  const registry = new Registry(config.plugins ?? []);
  const composition = await compose(config, registry);
  let disposed = false;

  const get: Pipeline["get"] = async (kind) => {
    if (disposed) {
      throw new DiffusionError({
        code: "DISPOSED",
        component: "core/pipeline",
        problem: `expected a live pipeline when asked for its ${kind}, got a disposed one`,
        remedy: "Create a new pipeline",
      });
    }
    return composition.get(kind);
  };

  async function* stream(request: GenerationRequest = {}): AsyncGenerator<GenerationEvent, void, void> {
    const [tokenizer, sampler, schedule] = [
      await get("tokenizer"),
      await get("sampler"),
      await get("schedule"),
    ];
    const denoiser = await get("denoiser");
    yield* reverseLoop({
      denoiser,
      sampler,
      schedule,
      ...startOf(request, tokenizer, denoiser),
      maskTokenId: tokenizer.special.mask,
      seed: request.seed ?? 0,
      constraint: request.constraint,
      ends: tokenizer.special.end === undefined ? [] : [tokenizer.special.end],
      suppressed: tokenizer.specialIds.filter((id) => !request.allowSpecial?.includes(id)),
      signal: request.signal,
    });
  }

  async function generate(request?: GenerationRequest): Promise<Generation> {
    const tokenizer = await get("tokenizer");
    return collectGeneration(stream(request), async (ids, seq) => textsOf(tokenizer, ids, seq));
  }

  return {
    registry,
    get,
    stream,
    generate,
    dispose: async () => {
      if (disposed) return;
      disposed = true;
      await composition.dispose();
    },
  };
}

// --- internal ---

/** The page that a request asks for, or the state that it goes on from. */
function startOf(
  request: GenerationRequest,
  tokenizer: Tokenizer,
  { maxLength }: Denoiser,
): { readonly canvas: Canvas; readonly progress?: RunProgress } {
  const { from, length = maxLength } = request;
  if (from === undefined) return { canvas: openCanvas(tokenizer, { ...request, length, maxLength }) };
  const unused = (["prompts", "rowKeys"] as const).find((key) => request[key] !== undefined);
  if (unused === undefined) return from;
  throw new DiffusionError({
    code: "PROMPT_INVALID",
    component: "core/pipeline",
    problem: `expected no ${unused} in a request that goes on from a state, got some`,
    remedy: "Leave them out, or leave `from` out to begin anew",
  });
}

function assertKeys(config: PipelineConfig): void {
  const isObject = typeof config === "object" && config !== null && !Array.isArray(config);
  if (!isObject || (config.plugins !== undefined && !Array.isArray(config.plugins))) {
    const [expected, got] = isObject
      ? ["plugins to be a list", config.plugins]
      : ["the config to be an object", config];
    throw new DiffusionError({
      code: "CONFIG_INVALID",
      component: "core/config",
      problem: `expected ${expected}, got ${Array.isArray(got) ? "a list" : got === null ? "null" : typeof got}`,
      remedy: "See PipelineConfig",
    });
  }
  const known = [...componentKinds, "plugins", "modules"];
  const unknown = Object.keys(config).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new DiffusionError({
    code: "UNKNOWN_OPTION",
    component: "core/config",
    problem: `expected known keys in the config, got "${unknown}". Known: ${listNames(known)}`,
    remedy: "Correct the key or take it out",
  });
}
