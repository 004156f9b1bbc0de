import { type Backend, type BackendCapabilities, DiffusionError, listNames } from "@textdiffusion/core";
import type { BackendPlatform } from "./backend-entry.js";
import type { BackendOptions, PassedBy } from "./options.js";
import { TfjsBackend } from "./tfjs-backend.js";

/**
 * The first backend of the list that starts and has no drawback here, or else the first that starts. Once started it bears that
 * backend's name.
 */
export class AutoBackend<Options extends BackendOptions = BackendOptions> implements Backend {
  private chosen: Backend | undefined;
  private starting: Promise<void> | undefined;

  /** Every backend that was not chosen, in the order of the list; empty before the start. */
  passedBy: readonly PassedBy[] = [];

  constructor(
    private readonly platform: BackendPlatform<Options>,
    private readonly options: Options,
  ) {}

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
    const { entries, component } = this.platform;
    const reasons = new Map<string, unknown>();
    const drawbacks = new Map<string, string>();
    for (const { name, drawback } of entries) {
      const reason = await drawback?.();
      if (reason !== undefined) drawbacks.set(name, reason);
    }
    const order = [...entries].sort((a, b) => Number(drawbacks.has(a.name)) - Number(drawbacks.has(b.name)));
    for (const entry of order) {
      const backend = new TfjsBackend(this.platform, entry, this.options);
      try {
        await backend.start();
        this.chosen = backend;
        this.passedBy = entries
          .filter(({ name }) => name !== entry.name)
          .map(({ name }) => ({
            name,
            reason: textOf(reasons.get(name)) ?? drawbacks.get(name) ?? `comes after ${entry.name}`,
          }));
        return;
      } catch (error) {
        reasons.set(entry.name, error);
      }
    }
    throw new DiffusionError({
      code: "BACKEND_UNAVAILABLE",
      component: `${component}/auto`,
      problem: `expected one of ${listNames(reasons.keys())} to start, got ${[...reasons.values()].map(String).join("; ")}`,
      remedy: "Follow the advice in one of these messages",
      cause: reasons.values().next().value,
    });
  }

  private current(): Backend {
    if (this.chosen) return this.chosen;
    throw new DiffusionError({
      code: "BACKEND_UNAVAILABLE",
      component: `${this.platform.component}/auto`,
      problem: "expected a started backend, got one that has not chosen yet",
      remedy: "Await start() first",
    });
  }
}

// --- internal ---

function textOf(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  return error instanceof Error ? error.message : String(error);
}
