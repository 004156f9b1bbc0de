import { Command } from "commander";
import { type BackendReport, DiffusionError, examineMachine, type MachineReport } from "textdiffusion";
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

  function describe(report: MachineReport, configFile: string | undefined): string {
    const { system, graphics, backends, auto, components } = report;
    const lines = [
      paintOut("bold", "System"),
      `  textdiffusion ${system.version}, Node ${system.node}, ${system.platform}`,
      `  ${system.processors} x ${system.processor}, ${formatCount(system.memoryBytes)}B of memory`,
      `  config file: ${configFile ?? "none in this folder"}`,
      "",
      paintOut("bold", "Graphics processors"),
      ...(graphics.length > 0 ? graphics.map(describeGraphics) : ["  none found"]),
      "",
      paintOut("bold", "Backends"),
      ...backends.map(describeBackend),
      ...(auto ? ["", ...describeAuto(auto, backends)] : []),
    ];
    for (const [kind, known] of Object.entries(components)) {
      if (kind === "backend" || known.length === 0) continue;
      const width = Math.max(...known.map(({ name }) => name.length));
      lines.push("", paintOut("bold", `${kind[0].toUpperCase()}${kind.slice(1)}s`));
      lines.push(...known.map(({ name, description }) => `  ${name.padEnd(width)}  ${description}`));
    }
    return `${lines.join("\n")}\n`;
  }

  function describeBackend(backend: BackendReport): string {
    if (!backend.started) {
      const { name, install, problem } = backend;
      return install
        ? `  ${paintOut("dim", "absent")} ${name}: ${install}`
        : `  ${paintOut("poor", "fails")}  ${name}: ${problem}`;
    }
    const packages = Object.entries(backend.packages).map((entry) => entry.join(" "));
    const speed = `${formatCount(backend.operationsPerSecond)} operations/s`;
    const line = `  ${paintOut("good", "works")}  ${backend.name}: ${backend.device}, ${speed}${backend.trains ? "" : ", cannot train"}`;
    return packages.length > 0 ? `${line}; ${packages.join(", ")}` : line;
  }

  function describeAuto({ name, passedBy }: Auto, backends: readonly BackendReport[]): string[] {
    const reasons = passedBy
      .filter(({ name }) => backends.find((backend) => backend.name === name)?.started)
      .map(({ name, reason }) => `         not ${name}: ${reason}`);
    return [`  auto   is ${name} here`, ...reasons];
  }
}

type Auto = NonNullable<MachineReport["auto"]>;

function describeGraphics({ through, name, ...found }: MachineReport["graphics"][number]): string {
  const facts = [
    found.memoryBytes && `${formatCount(found.memoryBytes)}B of memory`,
    found.largestTensorBytes && `tensors up to ${formatCount(found.largestTensorBytes)}B`,
    found.driver && `driver ${found.driver}`,
    found.imitated && "imitated by the processor",
  ].filter(Boolean);
  return `  ${name}, through ${through}: ${facts.join(", ")}`;
}
