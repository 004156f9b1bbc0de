// What the other scripts share: where the repository is, whether it is installed, and how to run a program in it.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../", import.meta.url));

/** Runs a program of Node in the repository's root, to its end. A failure ends this process with the same code. */
export const runNode = (...args) => run(process.execPath, args);

/** Installs the packages of the lock file, unless each is there in its version. Install scripts are not needed. */
export async function installWhatIsMissing() {
  const missing = missingPackages();
  if (missing.length === 0) return;
  console.log(`Installing ${missing.length} missing package${missing.length === 1 ? "" : "s"}: npm ci`);
  await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
}

/** Every package that is published: its folder and what its package.json says. Read from the workspace, never listed. */
export function publishedPackages() {
  return readdirSync(join(root, "packages"))
    .map((name) => join(root, "packages", name))
    .filter((folder) => existsSync(join(folder, "package.json")))
    .map((folder) => ({ folder, manifest: JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) }))
    .filter(({ manifest }) => !manifest.private);
}

// --- internal ---

/** Places in node_modules where the lock file wants a package and has none, or another version. */
function missingPackages() {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  return Object.entries(packages)
    .filter(
      ([path, { optional, devOptional }]) => path.startsWith("node_modules/") && !optional && !devOptional,
    )
    .filter(([path, { link, version }]) => {
      const manifest = join(root, path, "package.json");
      return (
        !existsSync(manifest) || (!link && JSON.parse(readFileSync(manifest, "utf8")).version !== version)
      );
    })
    .map(([path]) => path);
}

async function run(command, args) {
  const leaveToChild = () => {}; // Ctrl-C reaches the program, too, which may have something to save
  process.on("SIGINT", leaveToChild);
  const shell = process.platform === "win32" && command === "npm"; // npm is a batch file there
  const code = await new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit", shell });
    child.on("error", (error) => {
      console.error(`${command} could not be started: ${error.message}`);
      resolve(1);
    });
    child.on("close", (exitCode, signal) => resolve(signal === null ? exitCode : 130));
  });
  process.off("SIGINT", leaveToChild);
  if (code !== 0) process.exit(code);
}
