import "reflect-metadata"; // inversify imports it at run time, decorators or not
import { Container } from "inversify";
import type { Backend } from "../contracts/backend.js";
import type { ComponentDependencies, ComponentKind, ComponentKinds } from "../contracts/component.js";
import { DiffusionError } from "../errors/diffusion-error.js";
import type { PipelineConfig } from "./config.js";
import { decodeOptions } from "./decode-options.js";
import { componentKinds, type Registry } from "./registry.js";
import { tokens } from "./tokens.js";

/** The composition of one pipeline: an inversify container of its own, and what it must dispose of. */
export interface Composition {
  has(kind: ComponentKind): boolean;
  /** @throws DiffusionError `CONFIG_INVALID` when nothing is configured for the kind */
  get<Kind extends ComponentKind>(kind: Kind): Promise<ComponentKinds[Kind]>;
  /**
   * Disposes of what this composition created, the last first. Components passed in stay with who made them. When one
   * cannot be disposed of the others still are, and then its error is thrown.
   */
  dispose(): Promise<void>;
}

export async function compose(config: PipelineConfig, registry: Registry): Promise<Composition> {
  const own = new Container({ defaultScope: "Singleton" });
  // Modules are loaded into a child, so that what they bind, or rebind, comes before what the config says.
  const container = new Container({ defaultScope: "Singleton", parent: own });
  const created: { dispose?(): void | Promise<void> }[] = [];

  const get = async <Kind extends ComponentKind>(kind: Kind): Promise<ComponentKinds[Kind]> => {
    if (!container.isBound(tokens[kind])) {
      throw new DiffusionError({
        code: "CONFIG_INVALID",
        component: "core/pipeline",
        problem: `expected a ${kind} in the config, got none`,
        remedy: `Add "${kind}" to the config. Known: ${registry.names(kind).join(", ") || "none"}`,
      });
    }
    return container.getAsync<ComponentKinds[Kind]>(tokens[kind]);
  };

  for (const kind of componentKinds) await bind(kind);
  if (config.modules) await container.loadAsync(...config.modules);

  return {
    has: (kind) => container.isBound(tokens[kind]),
    get,
    dispose: async () => {
      const failures: unknown[] = [];
      for (const component of created.reverse().splice(0)) {
        try {
          await component.dispose?.();
        } catch (error) {
          failures.push(error);
        }
      }
      await container.unbindAllAsync();
      await own.unbindAllAsync();
      if (failures.length > 0) throw failures[0];
    },
  };

  async function bind<Kind extends ComponentKind>(kind: Kind): Promise<void> {
    const choice = config[kind];
    if (choice === undefined) return;
    if (isComponent(choice)) {
      own.bind<unknown>(tokens[kind]).toConstantValue(choice);
      return;
    }
    const { name, ...options } = namedChoice(kind, choice);
    const definition = registry.find(kind, name);
    // Options are checked now, before anything is built; the component is built when it is first asked for.
    const decoded = await decodeOptions(definition.options, options, kind, `${kind} "${name}"`);
    own.bind<unknown>(tokens[kind]).toDynamicValue(async () => {
      const component = await definition.create(
        decoded,
        (await dependenciesOf(kind)) as ComponentDependencies[Kind],
      );
      created.push(component as { dispose?(): void | Promise<void> });
      if (kind === "backend") await (component as Backend).start();
      return component;
    });
  }

  async function dependenciesOf(kind: ComponentKind): Promise<ComponentDependencies[ComponentKind]> {
    if (kind === "collator") return { schedule: await get("schedule"), tokenizer: await get("tokenizer") };
    if (kind === "denoiser") return { backend: await get("backend"), tokenizer: await get("tokenizer") };
    return {};
  }
}

// --- internal ---

type NamedChoice = { readonly name: string; readonly [option: string]: unknown };

/** JSON can hold anything, whatever the types say. */
function namedChoice(kind: ComponentKind, choice: unknown): NamedChoice {
  const named = typeof choice === "string" ? { name: choice } : choice;
  if (typeof named === "object" && named !== null && "name" in named && typeof named.name === "string") {
    return named as NamedChoice;
  }
  throw new DiffusionError({
    code: "CONFIG_INVALID",
    component: "core/config",
    problem: `expected ${kind} to be a name, an object with a name, or the component itself, got ${JSON.stringify(choice)}`,
    remedy: `Write { "${kind}": "name" } or { "${kind}": { "name": "name", ... } }`,
  });
}

/** A component is an object with behaviour; a choice by name is plain data. */
function isComponent<Kind extends ComponentKind>(
  choice: NonNullable<PipelineConfig[Kind]>,
): choice is ComponentKinds[Kind] & NonNullable<PipelineConfig[Kind]> {
  if (typeof choice !== "object" || choice === null) return false;
  for (
    let object: object | null = choice;
    object && object !== Object.prototype;
    object = Object.getPrototypeOf(object)
  ) {
    for (const key of Object.getOwnPropertyNames(object)) {
      if (key === "constructor") continue;
      if (typeof Object.getOwnPropertyDescriptor(object, key)?.value === "function") return true;
    }
  }
  return false;
}
