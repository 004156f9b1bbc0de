import type { Readable, Writable } from "node:stream";
import { cancel, intro, isCancel, outro, select, text } from "@clack/prompts";
import { assertFree, type PluginRequest } from "./create-plugin.js";
import { assertPluginKind, type PluginKind, pluginKinds } from "./plugin-kinds.js";
import { assertPluginName } from "./plugin-name.js";

/**
 * Asks for what the flags left open. What they said is not asked again, and is checked before the first question.
 *
 * @returns undefined when the user went away
 * @throws DiffusionError for bad flags, as `createPlugin`
 */
export async function askForPlugin(
  flags: Partial<PluginRequest>,
  terminal: { readonly input: Readable; readonly output: Writable },
): Promise<PluginRequest | undefined> {
  if (flags.kind !== undefined) assertPluginKind(flags.kind);
  if (flags.folder !== undefined) assertFree(flags.folder);
  intro("A plugin for textdiffusion", terminal);
  const kind =
    flags.kind ??
    (await select<PluginKind>({
      message: "What does it bring?",
      options: Object.entries(pluginKinds).map(([value, { what, template }]) => ({
        value: value as PluginKind,
        label: `${value}: ${what}`,
        hint: `to start from: ${template}`,
      })),
      ...terminal,
    }));
  if (isCancel(kind)) return left(terminal);
  const known = assertPluginKind(kind);
  if (flags.name !== undefined) assertPluginName(flags.name, known);
  const name =
    flags.name ??
    (await text({
      message: `What is the ${kind} called? Configs say this name.`,
      placeholder: "soft-steps",
      validate: (value) => problemWith(() => assertPluginName(value ?? "", known)),
      ...terminal,
    }));
  if (isCancel(name)) return left(terminal);
  const folder =
    flags.folder ??
    (await text({
      message: "Where shall it be written?",
      initialValue: assertPluginName(name, known).packageName.split("/").at(-1),
      validate: (value) => problemWith(() => assertFree(value ?? "")),
      ...terminal,
    }));
  if (isCancel(folder)) return left(terminal);
  outro("Writing it", terminal);
  return { kind, name, folder };
}

// --- internal ---

function left(terminal: { readonly output: Writable }): undefined {
  cancel("Left without a plugin", terminal);
  return undefined;
}

function problemWith(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
