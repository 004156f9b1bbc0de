import { type Backend, type BackendCapabilities, DiffusionError, listNames } from "@textdiffusion/core";
import type { BackendOptions } from "./backend-entry.js";
import { backendEntries } from "./backends.js";
import { NodeBackend } from "./node-backend.js";

export interface CreateBackendOptions extends BackendOptions {
  /** "auto" (default) takes the first of the list that starts on this machine. */
  readonly name?: string;
}

/**
 * A backend that is not yet started.
 *
 * @throws DiffusionError `UNKNOWN_COMPONENT` that lists what is known
 */
export function createBackend({ name = "auto", ...options }: CreateBackendOptions = {}): Backend {
  if (name === "auto") return new AutoBackend(options);
  const entry = backendEntries.find((known) => known.name === name);
  if (!entry) {
    const known = ["auto", ...backendEntries.map((candidate) => candidate.name)];
    throw new DiffusionError({
      code: "UNKNOWN_COMPONENT",
      component: "backend-node",
      problem: `expected a known backend, got "${name}". Known: ${listNames(known)}`,
      remedy: "Correct the name",
      details: { kind: "backend", name, known },
    });
  }
  return new NodeBackend(entry, options);
}

/**
 * Creates a backend and starts it.
 *
 * ```ts
 * const backend = await startBackend("wasm");
 * ```
 *
 * @throws DiffusionError `UNKNOWN_COMPONENT`, `BACKEND_UNAVAILABLE`
 */
export async function startBackend(name = "auto", options: BackendOptions = {}): Promise<Backend> {
  const backend = createBackend({ name, ...options });
  await backend.start();
  return backend;
}

// --- internal ---

/** The first backend of the list that starts. Once started it bears that backend's name. */
class AutoBackend implements Backend {
  private chosen: Backend | undefined;
  private starting: Promise<void> | undefined;

  constructor(private readonly options: BackendOptions) {}

  get name(): string {
    return this.chosen?.name ?? "auto";
  }

  get capabilities(): BackendCapabilities {
    return this.current().capabilities;
  }

  start(): Promise<void> {
    this.starting ??= this.choose().catch((error) => {
      this.starting = undefined;
      throw error;
    });
    return this.starting;
  }

  async dispose(): Promise<void> {
    await this.starting;
    await this.chosen?.dispose();
    this.starting = undefined;
    this.chosen = undefined;
  }

  memory() {
    return this.current().memory();
  }

  private async choose(): Promise<void> {
    const reasons: unknown[] = [];
    for (const entry of backendEntries) {
      const backend = new NodeBackend(entry, this.options);
      try {
        await backend.start();
        this.chosen = backend;
        return;
      } catch (error) {
        reasons.push(error);
      }
    }
    throw new DiffusionError({
      code: "BACKEND_UNAVAILABLE",
      component: "backend-node/auto",
      problem: `expected one of ${listNames(backendEntries.map((entry) => entry.name))} to start, got ${reasons.map(String).join("; ")}`,
      remedy: "Reinstall the packages that the messages name",
      cause: reasons[0],
    });
  }

  private current(): Backend {
    if (this.chosen) return this.chosen;
    throw new DiffusionError({
      code: "BACKEND_UNAVAILABLE",
      component: "backend-node/auto",
      problem: "expected a started backend, got one that has not chosen yet",
      remedy: "Await start() first",
    });
  }
}
