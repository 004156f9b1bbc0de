import "reflect-metadata"; // inversify imports it at run time, decorators or not
import { Container } from "inversify";
import type { ComponentDependencies, ComponentKind, ComponentKinds } from "../contracts/component.js";
import { DiffusionError } from "../errors/diffusion-error.js";
import type { PipelineConfig } from "./config.js";
import { componentKinds } from "./manifest.js";
import { type ComponentSources, prepareComponent } from "./prepare-component.js";
import type { Registry } from "./registry.js";
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
  const sources: ComponentSources = {
    registry,
    dependenciesOf,
    created: (component) => created.push(component),
  };

  const get = async <Kind extends ComponentKind>(kind: Kind): Promise<ComponentKinds[Kind]> => {
    if (!container.isBound(tokens[kind])) {
      throw missing(kind);
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
    const choice: unknown = config[kind];
    if (choice === undefined) return;
    const make = await prepareComponent(kind, choice, kind, sources);
    own.bind<unknown>(tokens[kind]).toDynamicValue(make);
  }

  async function dependenciesOf(kind: ComponentKind): Promise<ComponentDependencies[ComponentKind]> {
    if (kind === "collator") return { schedule: await get("schedule"), tokenizer: await get("tokenizer") };
    if (kind !== "denoiser") return {};
    // A model behind HTTP, or a table, has no use for a backend: only who looks at it needs one in the config.
    const backend = container.isBound(tokens.backend) ? await get("backend") : undefined;
    return {
      tokenizer: await get("tokenizer"),
      get backend() {
        if (backend === undefined) throw missing("backend");
        return backend;
      },
    };
  }

  function missing(kind: ComponentKind): DiffusionError {
    return new DiffusionError({
      code: "CONFIG_INVALID",
      component: "core/pipeline",
      problem: `expected a ${kind} in the config, got none`,
      remedy: `Add "${kind}" to the config. Known: ${registry.names(kind).join(", ") || "none"}`,
    });
  }
}
