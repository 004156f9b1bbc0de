import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv } from "ajv";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../cli/run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "textdiffusion-plugins-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const name = "textdiffusion-plugin-halves";

beforeAll(() => {
  const at = join(folder, "node_modules", name);
  mkdirSync(at, { recursive: true });
  writeFileSync(
    join(at, "package.json"),
    JSON.stringify({ name, version: "3.1.4", type: "module", exports: "./plugin.js" }),
  );
  // A Standard Schema by hand: plugins may bring any library.
  writeFileSync(
    join(at, "plugin.js"),
    `const options = { "~standard": { version: 1, vendor: "hand", validate: (value) => ({ value }) } };
     const half = { name: "half", epsilon: 0, alpha: (t) => 1 - t, alphaDerivative: () => -1, timeAt: (a) => 1 - a };
     export default { name: "${name}", apiVersion: 1, schedules: [{
       name: "half", description: "Half as loud.", options, create: () => half,
       exceptions: [{ law: "inverse-is-clamped", reason: "nobody asks" }],
     }] };`,
  );
  writeFileSync(
    join(folder, "with.json"),
    JSON.stringify({ $schema: "./x.json", plugins: [name], schedule: "half" }),
  );
});

describe("textdiffusion plugins", () => {
  it("lists what each plugin brings, where it was found, and the laws that do not hold", async () => {
    const { code, stdout, stderr } = await runCli(["plugins", "--config", "with.json"], { cwd: folder });
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(
      /textdiffusion-plugin-halves 3\.1\.4, API 1, from node_modules\/textdiffusion-plugin-halves\n {2}schedule {3}half {2}Half as loud\.\n.*not inverse-is-clamped: nobody asks\n/,
    );
    expect(stdout).toMatch(/@textdiffusion\/samplers \d.*, API 1, from textdiffusion\n/);
    expect(stdout).toMatch(/not asks-within-bounds: ranks revealed positions too/);
  }, 60_000);

  it("prints the same as JSON", async () => {
    const { stdout } = await runCli(["plugins", "--config", "with.json", "--json"], { cwd: folder });
    const report = JSON.parse(stdout);
    expect(report.config).toBe(join(folder, "with.json"));
    expect(report.plugins.at(-1)).toEqual({
      plugin: name,
      version: "3.1.4",
      apiVersion: 1,
      from: join(folder, "node_modules", name),
      components: [
        {
          kind: "schedule",
          name: "half",
          description: "Half as loud.",
          exceptions: [{ law: "inverse-is-clamped", reason: "nobody asks" }],
        },
      ],
    });
  });
});

it("textdiffusion schema prints a schema that knows the plugins of the config", async () => {
  const { code, stdout } = await runCli(["schema", "--config", "with.json"], { cwd: folder });
  expect(code).toBe(0);
  const validate = new Ajv().compile(JSON.parse(stdout));
  expect(validate({ schedule: { name: "half", loud: 0.5 } })).toBe(true);
  expect(validate({ schedule: "hal" })).toBe(false);
  const { stdout: plain } = await runCli(["schema"], { cwd: folder });
  expect(new Ajv().compile(JSON.parse(plain))({ schedule: "half" })).toBe(false);
});
