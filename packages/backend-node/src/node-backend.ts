import * as tf from "@tensorflow/tfjs-core";
import {
  type Backend,
  type BackendCapabilities,
  type BackendMemory,
  DiffusionError,
} from "@textdiffusion/core";
import type { BackendEntry, BackendOptions } from "./backend-entry.js";
import { registerGradients } from "./gradients.js";

/**
 * A tfjs backend of this process. tfjs has one active backend at a time: the last one started is where new tensors go
 * and where the gradients run.
 */
export class NodeBackend implements Backend {
  readonly name: string;
  private started: Promise<void> | undefined;
  private live = false;

  constructor(
    private readonly entry: BackendEntry,
    private readonly options: BackendOptions = {},
  ) {
    this.name = entry.name;
  }

  /** @throws DiffusionError `BACKEND_UNAVAILABLE` before `start` */
  get capabilities(): BackendCapabilities {
    if (!this.live)
      throw this.unavailable("a started backend when asked for its capabilities", "Await start() first");
    return { trains: true, precision: "float32", device: this.entry.device() };
  }

  /** A second call does nothing, unless the first one failed. */
  start(): Promise<void> {
    this.started ??= oneAfterAnother(() => this.open()).catch((error) => {
      this.started = undefined;
      throw error;
    });
    return this.started;
  }

  /**
   * Takes the backend out of tfjs and frees its heap once no other started backend of this name is left. Where tensors
   * still live on it, it stays for them: dispose of what you made first.
   */
  async dispose(): Promise<void> {
    if (!this.started) return;
    await this.started;
    this.started = undefined;
    this.live = false;
    const left = (users.get(this.name) ?? 1) - 1;
    users.set(this.name, left);
    if (left === 0 && tf.engine().registry[this.name]?.numDataIds() === 0) tf.removeBackend(this.name);
  }

  /** Tensors and bytes of all tfjs backends of the process: tfjs does not count them apart. */
  memory(): BackendMemory {
    const { numTensors, numBytes } = tf.memory();
    return { tensors: numTensors, bytes: numBytes };
  }

  private async open(): Promise<void> {
    await registerGradients();
    try {
      await load(this.entry, this.options);
      await activate(this.name);
    } catch (cause) {
      throw this.unavailable(
        `that it starts, got: ${cause instanceof Error ? cause.message : String(cause)}`,
        this.entry.remedy,
        cause,
      );
    }
    users.set(this.name, (users.get(this.name) ?? 0) + 1);
    this.live = true;
  }

  private unavailable(expected: string, remedy: string, cause?: unknown): DiffusionError {
    return new DiffusionError({
      code: "BACKEND_UNAVAILABLE",
      component: `backend-node/${this.name}`,
      problem: `expected ${expected}`,
      remedy,
      cause,
    });
  }
}

// --- internal ---

/** Started and not yet disposed, by name: tfjs has one backend of a name, which several pipelines may use. */
const users = new Map<string, number>();
const loaded = new Map<string, Promise<void>>();
/** How to make each backend, kept because `tf.removeBackend` forgets it. */
const factories = new Map<string, () => tf.KernelBackend | Promise<tf.KernelBackend>>();

/** Kernels are repaired once in a process: a repair wraps what it finds. */
function load(entry: BackendEntry, options: BackendOptions): Promise<void> {
  const loading =
    loaded.get(entry.name) ??
    entry.load(options).catch((error) => {
      loaded.delete(entry.name);
      throw error;
    });
  loaded.set(entry.name, loading);
  return loading;
}

/**
 * Makes the backend before tfjs is told of it: tfjs would print what goes wrong instead of throwing it, and would drop
 * one of two backends that are made at the same time.
 */
async function activate(name: string): Promise<void> {
  if (!tf.engine().registry[name]) {
    const factory = factories.get(name) ?? tf.findBackendFactory(name);
    factories.set(name, factory);
    const backend = await factory();
    // The cpu backend prints an advertisement for another package at its first use.
    (backend as { firstUse?: boolean }).firstUse = false;
    if (tf.findBackendFactory(name)) tf.removeBackend(name);
    tf.registerBackend(name, () => backend);
  }
  await tf.setBackend(name);
  await tf.ready();
}

let queue: Promise<unknown> = Promise.resolve();

/** tfjs's choice of backend is global: starts wait for each other. */
function oneAfterAnother<T>(task: () => Promise<T>): Promise<T> {
  const result = queue.then(task);
  queue = result.catch(() => undefined);
  return result;
}
