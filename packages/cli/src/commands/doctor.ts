import { Command } from "commander";
import { DiffusionError, examineMachine, type MachineReport } from "textdiffusion";
import { loadConfig } from "../config/load-config.js";
import { formatCount } from "../terminal/quantities.js";
import type { CommandContext } from "./context.js";

interface DoctorOptions {
  readonly config?: string;
  readonly json?: true;
}

const explanation = `
Starts each backend, multiplies some matrices on it, and lists every component that a config may name, those of the
plugins in your config file among them. Send what it prints along with a bug report.`;

export function doctorCommand(context: CommandContext): Command {
  return new Command("doctor")
    .description("what this machine can do, and which components are known")
    .option("--config <file>", "config file (default: textdiffusion.config.* in this folder)")
    .option("--json", "print one JSON document and nothing else")
    .addHelpText("after", explanation)
    .action((options: DoctorOptions) => examine(options, context));
}

// --- internal ---

async function examine(options: DoctorOptions, { folder, out, paintOut }: CommandContext): Promise<void> {
  const { config, file } = await loadConfig(options.config, folder);
  const report = await examineMachine({ plugins: config.plugins });
  out.write(
    options.json ? `${JSON.stringify({ ...report, config: file }, undefined, 2)}\n` : describe(report, file),
  );
  if (!report.backends.some(({ started }) => started)) {
    throw new DiffusionError({
      code: "BACKEND_UNAVAILABLE",
      component: "cli/doctor",
      problem: `expected a backend that starts on this machine, got ${report.backends.length} that do not`,
      remedy: "Nothing can be trained or generated here until one does; reinstall the packages",
    });
  }

  function describe({ system, backends, components }: MachineReport, configFile: string | undefined): string {
    const lines = [
      paintOut("bold", "System"),
      `  textdiffusion ${system.version}, Node ${system.node}, ${system.platform}`,
      `  ${system.processors} x ${system.processor}, ${formatCount(system.memoryBytes)}B of memory`,
      `  config file: ${configFile ?? "none in this folder"}`,
      "",
      paintOut("bold", "Backends"),
      ...backends.map((backend) =>
        backend.started
          ? `  ${paintOut("good", "works")}  ${backend.name}: ${backend.device}, ${formatCount(backend.operationsPerSecond)} operations/s${backend.trains ? "" : ", cannot train"}`
          : `  ${paintOut("poor", "fails")}  ${backend.name}: ${backend.problem}`,
      ),
    ];
    for (const [kind, known] of Object.entries(components)) {
      if (kind === "backend" || known.length === 0) continue;
      const width = Math.max(...known.map(({ name }) => name.length));
      lines.push("", paintOut("bold", `${kind[0].toUpperCase()}${kind.slice(1)}s`));
      lines.push(...known.map(({ name, description }) => `  ${name.padEnd(width)}  ${description}`));
    }
    return `${lines.join("\n")}\n`;
  }
}
