import { type Backend, DiffusionError, listNames } from "@textdiffusion/core";
import { AutoBackend } from "./auto-backend.js";
import type { BackendPlatform } from "./backend-entry.js";
import type { BackendOptions } from "./options.js";
import { TfjsBackend } from "./tfjs-backend.js";

/**
 * A backend that is not yet started.
 *
 * @param name - of one of the platform's entries, or "auto"
 * @throws DiffusionError `UNKNOWN_COMPONENT` that lists what is known
 */
export function createBackendOn<Options extends BackendOptions>(
  platform: BackendPlatform<Options>,
  name: string,
  options: Options,
): Backend {
  if (name === "auto") return new AutoBackend(platform, options);
  const entry = platform.entries.find((known) => known.name === name);
  if (entry) return new TfjsBackend(platform, entry, options);
  const known = ["auto", ...platform.entries.map((candidate) => candidate.name)];
  throw new DiffusionError({
    code: "UNKNOWN_COMPONENT",
    component: platform.component,
    problem: `expected a known backend, got "${name}". Known: ${listNames(known)}`,
    remedy: "Correct the name",
    details: { kind: "backend", name, known },
  });
}
