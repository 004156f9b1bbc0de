import { type TraceHeader, type TraceParent, traceHeader } from "@textdiffusion/core";
import core from "@textdiffusion/core/package.json" with { type: "json" };
import type { OpenModel } from "../models/open-model.js";
import { fetchTinyModel } from "../tiny-model.js";

/** The header of a run of this page, from which Node can make it again: `textdiffusion replay run.jsonl --verify`. */
export async function headerOf(
  { info, tokenizer, device }: OpenModel,
  chosen: { readonly sampler: object; readonly schedule: unknown; readonly backend: string },
  { seed, ...request }: { readonly seed: number; readonly [name: string]: unknown },
  parent?: TraceParent,
): Promise<TraceHeader> {
  const denoiser = { name: info.kind.startsWith("ONNX") ? "onnx" : "huggingface" };
  const files = info.origin === "shipped" ? await hashesOfTinyModel() : undefined;
  return traceHeader({
    seed,
    config: { ...chosen, denoiser },
    request: { ...request, allowSpecial: [] },
    tokenizer,
    packages: { textdiffusion: core.version },
    platform: { browser: navigator.userAgent, device },
    ...(crypto.subtle && { parent }), // by its hash, which pages that were not served over https cannot make
    ...(files && { model: { folder: "@textdiffusion/tiny-model", files } }),
  });
}

// --- internal ---

let hashes: Promise<Readonly<Record<string, string>>> | undefined;

/** SHA-256 by name; undefined on pages that were not served over https. */
function hashesOfTinyModel(): typeof hashes {
  if (crypto.subtle === undefined) return undefined;
  hashes ??= fetchTinyModel().then(async (files) => {
    const entries = Object.entries(files).map(async ([name, content]) => {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
      return [name, Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("")] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  });
  return hashes;
}
