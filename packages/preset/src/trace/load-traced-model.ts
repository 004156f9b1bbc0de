import { regexConstraint } from "@textdiffusion/constraints";
import {
  byName,
  type ComponentChoice,
  type Constraint,
  DiffusionError,
  type NamedChoice,
  type Tokenizer,
  type TraceHeader,
} from "@textdiffusion/core";
import { z } from "zod";
import type { TextDiffusionConfig } from "../config.js";
import { loadTextDiffusion, type TextDiffusion } from "../load-text-diffusion.js";
import { assertSameModel } from "./model-hashes.js";

/** What may differ from what the trace says; the plugins must bring what it names. */
export interface TracedModelOptions extends Pick<TextDiffusionConfig, "plugins" | "backend" | "sampler"> {
  /** Where the model is now. Default: where it was then. */
  readonly folder?: string;
}

/**
 * The model of a trace as it was set up then: the same files, schedule, sampler and backend.
 *
 * @returns the caller disposes of it
 * @throws DiffusionError `MODEL_INVALID` for a folder with other files, `UNSUPPORTED` for components that were passed as
 *   values, and what `loadTextDiffusion` throws
 */
export async function loadTracedModel(
  header: TraceHeader,
  { folder = header.model?.folder, plugins, backend, sampler }: TracedModelOptions = {},
): Promise<TextDiffusion> {
  if (folder === undefined) {
    throw new DiffusionError({
      code: "MODEL_INVALID",
      component: "textdiffusion/trace",
      problem: "expected a folder of the model, got none, neither in the trace nor here",
      remedy: "Name the folder",
    });
  }
  const { backend: usedBackend, sampler: usedSampler, denoiser, ...others } = header.config;
  const config = {
    ...others,
    ...(denoiser !== undefined && { denoiser: withoutPlace(denoiser, header.model?.folder) }),
    backend: backend ?? usedBackend,
    sampler: sampler ?? usedSampler,
  };
  for (const [kind, choice] of Object.entries(config)) assertNamed(kind, choice);
  await assertSameModel(header, folder);
  return loadTextDiffusion({ ...(config as object as TextDiffusionConfig), folder, plugins });
}

/** The sampler of a trace as a config would choose it, or undefined for one that was passed as a value. */
export function tracedSampler({ config }: TraceHeader): ComponentChoice<"sampler"> | undefined {
  return isNamed(config.sampler) ? byName(config.sampler as NamedChoice | undefined) : undefined;
}

/**
 * The constraint of a trace, made again, or undefined where the run had none.
 *
 * @throws DiffusionError `UNSUPPORTED` for one that only its own code can make
 */
export function tracedConstraint({ request }: TraceHeader, tokenizer: Tokenizer): Constraint | undefined {
  if (request.constraint === undefined) return undefined;
  const known = regexSchema.safeParse(request.constraint);
  if (known.success) return regexConstraint({ ...known.data, tokenizer });
  throw new DiffusionError({
    code: "UNSUPPORTED",
    component: "textdiffusion/trace",
    problem: `expected a constraint that can be made again from the trace, got ${JSON.stringify(request.constraint)}`,
    remedy: "Go on from the code that made it: forkTrace and verifyTrace take the constraint",
  });
}

// --- internal ---

const regexSchema = z.object({
  name: z.literal("regex"),
  pattern: z.union([z.string(), z.array(z.string())]),
  flags: z.string().optional(),
  scope: z.enum(["gaps", "row"]),
});

/** A denoiser without the folder or file of its model, which may lie elsewhere now. */
function withoutPlace(choice: unknown, folder: string | undefined): unknown {
  if (typeof choice !== "object" || choice === null || Array.isArray(choice)) return choice;
  const { name } = choice as { readonly name?: unknown };
  const isPlace = (key: string, value: unknown) =>
    (name === "huggingface" && key === "folder") ||
    (name === "onnx" && key === "file" && folder !== undefined && String(value).startsWith(folder));
  const kept = Object.entries(choice).filter(([key, value]) => !isPlace(key, value));
  return Object.fromEntries(kept.map(([key, part]) => [key, withoutPlace(part, folder)]));
}

/** Components within components count, too. */
function isNamed(choice: unknown): boolean {
  return !(JSON.stringify(choice) ?? "").includes('"passedAsValue":true');
}

function assertNamed(kind: string, choice: unknown): void {
  if (isNamed(choice)) return;
  throw new DiffusionError({
    code: "UNSUPPORTED",
    component: "textdiffusion/trace",
    problem: `expected a ${kind} that a config can name in the trace, got one that was passed as a value`,
    remedy: `Choose another ${kind}, or go on from the code that made it`,
  });
}
