import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

// Laws are plain arrays: any runner runs them. These are child processes with the built packages, and no vitest.
const run = promisify(execFile);
const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

it("node:test runs them, skips by name and with the reason", async () => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout } = await run(
    process.execPath,
    ["--test", "--test-reporter=tap", fixture("node-test.mjs")],
    { env },
  );
  expect(stdout).toMatch(/ok \d+ - sampler\/sure\/reaches-oracle\n/);
  expect(stdout).toMatch(/ok \d+ - sampler\/sure\/keeps-no-state # SKIP for the test/);
  expect(stdout).toMatch(/# fail 0\n/);
  expect(Number(/# pass (\d+)/.exec(stdout)?.[1])).toBeGreaterThan(20);
});

it("a script runs them by hand, and hears which break and why", async () => {
  const { stdout } = await run(process.execPath, [fixture("by-hand.mjs")]);
  expect(stdout).toMatch(
    /^\d+ laws hold\nschedule\/straight\/describes-itself: expected a description of one line, got ""\n$/,
  );
});
