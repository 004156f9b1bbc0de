import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../architecture/source-imports.js";

const bin = join(repositoryRoot, "packages/cli/dist/bin.js");

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Called once it runs; may kill the process. */
  readonly onStart?: (kill: (signal: NodeJS.Signals) => void) => void;
  /** Called with everything printed so far; may kill the process. */
  readonly onOutput?: (printed: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs the built command as a user would, without a terminal. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  if (!existsSync(bin))
    throw new Error(`expected the built command at ${bin}, got nothing. Run npm run build first.`);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...args], {
      cwd: options.cwd ?? repositoryRoot,
      env: { ...process.env, NO_COLOR: "1", ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    const kill = (signal: NodeJS.Signals) => child.kill(signal);
    options.onStart?.(kill);
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
      options.onOutput?.(stdout + stderr, kill);
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text;
      options.onOutput?.(stdout + stderr, kill);
    });
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
