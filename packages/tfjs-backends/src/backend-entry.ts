import type { KernelBackend } from "@tensorflow/tfjs-core";
import type { BackendOptions } from "./options.js";

/** What differs between tfjs backends; everything they share is in `tfjs-backend.ts`. */
export interface BackendEntry<Options extends BackendOptions = BackendOptions> {
  /** The name in configs. */
  readonly name: string;
  /** The name under which tfjs knows the backend. Default: `name`. */
  readonly tfjsName?: string;
  /** One line for listings. */
  readonly description: string;
  /** npm packages that it needs, for `doctor`. */
  readonly packages: readonly string[];
  /**
   * Imports what it needs and repairs its kernels, once in a process. Whatever it throws makes the backend unavailable; a
   * DiffusionError is passed on as it is.
   */
  load(options: Options): Promise<void>;
  /** Makes the backend of tfjs at each start that finds none of its name. Default: with what `load` registered in tfjs. */
  make?(options: Options): Promise<KernelBackend>;
  /** What to do instead when a backend of this name is live that was made with other options; undefined where it serves these, too. */
  conflict?(options: Options): string | undefined;
  /** Sees the backend of tfjs once it is made: to keep what `device` tells, to listen for the loss of a device. */
  made?(backend: KernelBackend): void;
  /** Why "auto" should pass it by although it may start, undefined where it should not. Default: it should not. */
  drawback?(): Promise<string | undefined>;
  /** The device in words. */
  device(): string;
  /** What to do when `load` or the backend's own start fails. */
  readonly remedy: string;
}

/** Where backends run, Node or a page, and which there are. */
export interface BackendPlatform<Options extends BackendOptions = BackendOptions> {
  /** Name of the package in messages. */
  readonly component: string;
  /** The fastest first: the order in which "auto" tries them. */
  readonly entries: readonly BackendEntry<Options>[];
  /** Before any backend starts: gives tfjs-core the gradients that it lacks here. */
  prepare(): Promise<void>;
}
