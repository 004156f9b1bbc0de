import * as tf from "@tensorflow/tfjs-core";
import {
  type Backend,
  type BackendCapabilities,
  type BackendMemory,
  DiffusionError,
} from "@textdiffusion/core";
import type { BackendEntry, BackendPlatform } from "./backend-entry.js";
import type { BackendOptions } from "./options.js";

/**
 * A tfjs backend of this process or page. tfjs has one active backend at a time: the last one started is where new tensors go
 * and where the gradients run.
 */
export class TfjsBackend<Options extends BackendOptions = BackendOptions> implements Backend {
  readonly name: string;
  private started: Promise<void> | undefined;
  private live = false;

  constructor(
    private readonly platform: Pick<BackendPlatform, "component" | "prepare">,
    private readonly entry: BackendEntry<Options>,
    private readonly options: Options,
  ) {
    this.name = entry.name;
  }

  /** @throws DiffusionError `BACKEND_UNAVAILABLE` unless started */
  get capabilities(): BackendCapabilities {
    if (this.live) return { trains: true, precision: "float32", device: this.entry.device() };
    throw this.unavailable(
      "to be started when asked for its capabilities, got not started",
      "Await start() first",
    );
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
   * Takes the backend out of tfjs and frees its heap once nobody else has a backend of this name started. Where tensors
   * still live on it, it stays for them: dispose of what you made first. The backend started before becomes the active
   * one again.
   */
  async dispose(): Promise<void> {
    const starting = this.started;
    this.started = undefined;
    await starting?.catch(() => undefined);
    if (!this.live) return;
    this.live = false;
    await oneAfterAnother(() => close(this.tfjsName));
  }

  /** Tensors and bytes of all tfjs backends of the process: tfjs does not count them apart. */
  memory(): BackendMemory {
    const { numTensors, numBytes } = tf.engine().state; // tf.memory() would start a backend to ask it
    return { tensors: numTensors, bytes: numBytes };
  }

  private get tfjsName(): string {
    return this.entry.tfjsName ?? this.name;
  }

  private async open(): Promise<void> {
    await this.platform.prepare();
    try {
      await load(this.entry, this.options);
      const conflict = tf.engine().registry[this.tfjsName] && this.entry.conflict?.(this.options);
      if (conflict) throw new Error(conflict);
      await activate(this.tfjsName, this.entry, this.options);
    } catch (cause) {
      if (DiffusionError.is(cause)) throw cause;
      const message = cause instanceof Error ? cause.message : String(cause);
      throw this.unavailable(`to start, got "${message}"`, this.entry.remedy, cause);
    }
    started.push(this.tfjsName);
    this.live = true;
  }

  private unavailable(expected: string, remedy: string, cause?: unknown): DiffusionError {
    return new DiffusionError({
      code: "BACKEND_UNAVAILABLE",
      component: `${this.platform.component}/${this.name}`,
      problem: `expected the backend ${expected}`,
      remedy,
      cause,
    });
  }
}

// --- internal ---

/** Names in tfjs of the started backends, the last one active. tfjs has one backend of a name, which several may share. */
const started: string[] = [];
const loaded = new Map<object, Promise<void>>();
/** How to make each backend, kept because `tf.removeBackend` forgets it. */
const factories = new Map<string, () => tf.KernelBackend | Promise<tf.KernelBackend>>();

/** Kernels are repaired once in a process: a repair wraps what it finds. */
function load<Options extends BackendOptions>(entry: BackendEntry<Options>, options: Options): Promise<void> {
  const loading =
    loaded.get(entry) ??
    entry.load(options).catch((error) => {
      loaded.delete(entry);
      throw error;
    });
  loaded.set(entry, loading);
  return loading;
}

/**
 * Makes the backend before tfjs is told of it: tfjs would print what goes wrong instead of throwing it, and would drop
 * one of two backends that are made at the same time.
 */
async function activate<Options extends BackendOptions>(
  name: string,
  { make, made }: Pick<BackendEntry<Options>, "make" | "made">,
  options: Options,
): Promise<void> {
  if (!tf.engine().registry[name]) {
    const backend = await (make ? make(options) : factoryOf(name)());
    // The cpu backend prints an advertisement for another package at its first use.
    (backend as { firstUse?: boolean }).firstUse = false;
    made?.(backend);
    if (tf.findBackendFactory(name)) tf.removeBackend(name);
    tf.registerBackend(name, () => backend);
  }
  await tf.setBackend(name);
  await tf.ready();
}

function factoryOf(name: string): () => tf.KernelBackend | Promise<tf.KernelBackend> {
  const factory = factories.get(name) ?? tf.findBackendFactory(name);
  factories.set(name, factory);
  return factory;
}

async function close(name: string): Promise<void> {
  started.splice(started.lastIndexOf(name), 1);
  const isShared = started.includes(name);
  if (!isShared && tf.engine().registry[name]?.numDataIds() === 0) tf.removeBackend(name);
  const last = started.at(-1);
  if (last !== undefined && tf.getBackend() !== last) await tf.setBackend(last);
}

let queue: Promise<unknown> = Promise.resolve();

/** tfjs's choice of backend is global: starts wait for each other. */
function oneAfterAnother<T>(task: () => Promise<T>): Promise<T> {
  const result = queue.then(task);
  queue = result.catch(() => undefined);
  return result;
}
