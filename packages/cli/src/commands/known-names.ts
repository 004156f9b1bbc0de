import { type ComponentKind, defaultPlugins, Registry } from "textdiffusion";

/** What the default plugins bring of a kind, for help texts: `confidence, random or threshold`. */
export function knownNames(kind: ComponentKind): string {
  const names = new Registry(defaultPlugins).names(kind);
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} or ${names[names.length - 1]}`;
}
