import type { Backend } from "../contracts/backend.js";
import type { ComponentDependencies, ComponentKind, ComponentKinds } from "../contracts/component.js";
import { DiffusionError } from "../errors/diffusion-error.js";
import { checkedComponent } from "./checked/checked-component.js";
import { calling } from "./checked/origin.js";
import type { NamedChoice } from "./config.js";
import { decodeOptions } from "./decode-options.js";
import { isComponent } from "./named-choice.js";
import type { Registry } from "./registry.js";

/** What is needed to make components from choices. */
export interface ComponentSources {
  readonly registry: Registry;
  /** What the factory of a kind is given besides its options. */
  dependenciesOf(kind: ComponentKind): Promise<ComponentDependencies[ComponentKind]>;
  /** Told of every component that was made, nested ones before what they are nested in. */
  created(component: object): void;
}

/**
 * Checks a choice, the choices nested in its options too, and returns what makes the component. Nothing is built before
 * that is called.
 *
 * @param path - where the choice stands in the config: `sampler`, `sampler.sampler`
 * @throws DiffusionError `UNKNOWN_COMPONENT`, `UNKNOWN_OPTION`, `CONFIG_INVALID`, each naming the path
 */
export async function prepareComponent<Kind extends ComponentKind>(
  kind: Kind,
  choice: unknown,
  path: string,
  sources: ComponentSources,
): Promise<() => Promise<ComponentKinds[Kind]>> {
  if (isComponent(choice)) return async () => choice as ComponentKinds[Kind];
  const { name, ...given } = assertNamed(kind, choice, path);
  const definition = sources.registry.find(kind, name, path);
  const origin = { kind, name, plugin: sources.registry.pluginOf(kind, name) };
  const options = await decodeOptions(definition.options, given, path, `${kind} "${name}"`);
  const nested: [option: string, make: () => Promise<unknown>][] = [];
  for (const [option, kindOfOption] of Object.entries(definition.choices ?? {})) {
    const value = (options as Record<string, unknown>)[option];
    if (value === undefined) continue;
    nested.push([option, await prepareNested(kindOfOption, value, `${path}.${option}`, sources)]);
  }
  return async () => {
    const made: [string, unknown][] = [];
    for (const [option, make] of nested) made.push([option, await make()]);
    const dependencies = (await sources.dependenciesOf(kind)) as ComponentDependencies[Kind];
    const all = made.length === 0 ? options : { ...(options as object), ...Object.fromEntries(made) };
    const own = await calling(origin, "create", () => definition.create(all, dependencies));
    const component = checkedComponent(own, origin);
    sources.created(component);
    if (kind === "backend") await (component as Backend).start();
    return component;
  };
}

// --- internal ---

/** One choice, or a list of them. */
async function prepareNested(
  kind: ComponentKind,
  value: unknown,
  path: string,
  sources: ComponentSources,
): Promise<() => Promise<unknown>> {
  if (!Array.isArray(value)) return prepareComponent(kind, value, path, sources);
  const makers: (() => Promise<unknown>)[] = [];
  for (const [index, choice] of value.entries()) {
    makers.push(await prepareComponent(kind, choice, `${path}.${index}`, sources));
  }
  return async () => {
    const components: unknown[] = [];
    for (const make of makers) components.push(await make());
    return components;
  };
}

/** JSON can hold anything, whatever the types say. */
function assertNamed(kind: ComponentKind, choice: unknown, path: string): Exclude<NamedChoice, string> {
  const named = typeof choice === "string" ? { name: choice } : choice;
  if (typeof named === "object" && named !== null && "name" in named && typeof named.name === "string") {
    return named as Exclude<NamedChoice, string>;
  }
  throw new DiffusionError({
    code: "CONFIG_INVALID",
    component: "core/config",
    problem: `expected ${path} to be a name, an object with a name, or the component itself, got ${JSON.stringify(choice)}`,
    remedy: `Write { "${lastOf(path)}": "name" } or { "${lastOf(path)}": { "name": "name", ... } } with the name of a ${kind}`,
    details: { path, kind },
  });
}

const lastOf = (path: string) => path.slice(path.lastIndexOf(".") + 1);
