import { relative } from "node:path";
import type { Readable, Writable } from "node:stream";
import { parseArgs } from "node:util";
import { DiffusionError, listNames } from "@textdiffusion/core";
import { askForPlugin } from "./ask-for-plugin.js";
import { createPlugin, type PluginRequest } from "./create-plugin.js";
import { pluginKinds } from "./plugin-kinds.js";

export const EXIT = { done: 0, failed: 1, badInput: 2, interrupted: 130 } as const;

/** Where questions and answers go. */
export interface Terminal {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable;
  /** For errors. */
  readonly notes: Writable;
}

const usage = `Makes a plugin package for textdiffusion: source, laws as tests, README, all that npm publish needs.

  npm create textdiffusion-plugin@latest
  npm create textdiffusion-plugin@latest -- --kind sampler --name soft-steps --yes

Options:
  --kind <kind>      what it brings: ${Object.keys(pluginKinds).join(", ")}
  --name <name>      of the component, in kebab-case; the package is called textdiffusion-plugin-<name>.
                     A scope may stand before it: @me/soft-steps
  --folder <folder>  where to write it, new or empty; default: the package's name, here
  --yes              ask nothing; --kind and --name must be given then
  --help             print this
`;

const options = {
  kind: { type: "string" },
  name: { type: "string" },
  folder: { type: "string" },
  yes: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

/**
 * The whole command: reads the flags, asks for what is missing, writes the package.
 *
 * @param args - what the user wrote after the command's name
 * @returns the exit code
 */
export async function main(
  args: readonly string[],
  { input, output, notes }: Terminal = {
    input: process.stdin,
    output: process.stdout,
    notes: process.stderr,
  },
): Promise<number> {
  // Writing takes a moment and is not left half done; while questions are asked Ctrl-C is an answer.
  const finishFirst = () => undefined;
  process.on("SIGINT", finishFirst);
  try {
    const flags = decodeFlags(args);
    if (flags.help) {
      output.write(usage);
      return EXIT.done;
    }
    const asks = !flags.yes && input.isTTY === true;
    const request = asks ? await askForPlugin(flags, { input, output }) : assertComplete(flags);
    if (request === undefined) {
      notes.write("Nothing was written.\n");
      return EXIT.interrupted;
    }
    const { folder, files, packageName } = createPlugin(request);
    output.write(`${packageName}: ${files.length} files in ${folder}\n\n${nextSteps(folder)}`);
    return EXIT.done;
  } catch (error) {
    const known = DiffusionError.is(error);
    notes.write(
      `${known ? "error:" : "unexpected error:"} ${error instanceof Error ? error.message : String(error)}\n`,
    );
    return known ? EXIT.badInput : EXIT.failed;
  } finally {
    process.off("SIGINT", finishFirst);
  }
}

// --- internal ---

type Flags = Partial<PluginRequest> & { readonly yes: boolean; readonly help: boolean };

/** @throws DiffusionError `UNKNOWN_OPTION` */
function decodeFlags(args: readonly string[]): Flags {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    if (positionals.length > 1) throw new Error(`more than one name: ${positionals.join(", ")}`);
    return { name: positionals[0], ...values };
  } catch (error) {
    throw new DiffusionError({
      code: "UNKNOWN_OPTION",
      component: "create-plugin",
      problem: `expected ${listNames(Object.keys(options).map((option) => `--${option}`))}, got ${(error as Error).message.split(". ")[0]}`,
      remedy: "Try --help",
      cause: error,
    });
  }
}

/** @throws DiffusionError `CONFIG_INVALID` */
function assertComplete({ kind, name, folder }: Flags): PluginRequest {
  if (kind !== undefined && name !== undefined) return { kind, name, folder };
  throw new DiffusionError({
    code: "CONFIG_INVALID",
    component: "create-plugin",
    problem: `expected --kind and --name where nobody can be asked, got ${kind === undefined ? "no --kind" : "no --name"}. Kinds: ${listNames(Object.keys(pluginKinds))}`,
    remedy: "Add it, as in --kind sampler --name soft-steps",
  });
}

function nextSteps(folder: string): string {
  return `Next:
  cd ${relative(process.cwd(), folder) || "."}
  npm install
  npm test         # the laws of its contract, and what else it claims
  npm run build
The README in it says how to use it, and how to publish it.
`;
}
