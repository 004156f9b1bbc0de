import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadConfig } from "./load-config.js";

const root = mkdtempSync(join(tmpdir(), "textdiffusion-config-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A folder of its own with these files. */
function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(root, "case-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable("expected the config to be refused"),
    (error) => error,
  );

describe("loadConfig", () => {
  it("is empty without a file", async () => {
    expect(await loadConfig(undefined, folderWith({}))).toEqual({ config: {}, pluginSources: new Map() });
  });

  it.each([
    [
      "textdiffusion.config.ts",
      'const name: string = "random";\nexport default { sampler: { name } } as const;',
    ],
    ["textdiffusion.config.mts", 'export default { sampler: { name: "random" as string } };'],
    ["textdiffusion.config.js", 'module.exports = { sampler: { name: "random" } };'],
    ["textdiffusion.config.mjs", 'export default { sampler: { name: "random" } };'],
    ["textdiffusion.config.json", '{ "sampler": { "name": "random" } }'],
  ])("finds %s in the current folder", async (name, text) => {
    const folder = folderWith({ [name]: text });
    expect(await loadConfig(undefined, folder)).toEqual({
      file: join(folder, name),
      config: { sampler: { name: "random" } },
      pluginSources: new Map(),
    });
  });

  it("wants one config file, not two", async () => {
    const folder = folderWith({
      "textdiffusion.config.json": "{}",
      "textdiffusion.config.ts": "export default {}",
    });
    expect((await failure(loadConfig(undefined, folder))).message).toMatch(
      /"textdiffusion\.config\.json", "textdiffusion\.config\.ts".*--config.*\(CONFIG_INVALID\)/,
    );
    expect((await loadConfig("textdiffusion.config.ts", folder)).config).toEqual({});
  });

  it("reads paths as they are from where the file lies", async () => {
    const folder = folderWith({
      "deep/my.json": '{ "data": { "file": "../a.txt" }, "model": { "from": "base" } }',
    });
    expect((await loadConfig("deep/my.json", folder)).config).toEqual({
      data: { file: join(folder, "a.txt") },
      model: { from: join(folder, "deep/base") },
    });
  });

  it("puts in place of an include what its file holds, and leaves all else the objects that they were", async () => {
    const folder = folderWith({
      "deep/my.json": '{ "schedule": { "name": "spindle", "counts": { "$include": "../counts.json" } } }',
      "counts.json": "[3, 1, 2]",
      "my.mjs": `export const sampler = { name: "mine", note: { $include: "counts.json", more: 1 } };
        export default { sampler, schedule: [{ $include: "counts.json" }] };`,
    });
    expect((await loadConfig("deep/my.json", folder)).config).toEqual({
      schedule: { name: "spindle", counts: [3, 1, 2] },
    });
    const { config } = await loadConfig("my.mjs", folder);
    expect(config.schedule).toEqual([[3, 1, 2]]);
    expect(config.sampler).toEqual({ name: "mine", note: { $include: "counts.json", more: 1 } });
  });

  it('leaves the model "new" alone', async () => {
    const folder = folderWith({ "my.json": '{ "model": { "from": "new", "layers": 2 } }' });
    expect((await loadConfig("my.json", folder)).config).toEqual({ model: { from: "new", layers: 2 } });
  });

  /** A folder with a config that names a plugin package, and that package. */
  const withPlugin = (code: string, manifest: object = {}) =>
    folderWith({
      "my.json": '{ "plugins": ["textdiffusion-plugin-of-mine"] }',
      "node_modules/textdiffusion-plugin-of-mine/package.json": JSON.stringify({
        name: "textdiffusion-plugin-of-mine",
        version: "1.2.3",
        type: "module",
        exports: { import: "./dist/plugin.js" },
        ...manifest,
      }),
      "node_modules/textdiffusion-plugin-of-mine/dist/plugin.js": code,
    });
  const valid = 'name: "textdiffusion-plugin-of-mine", apiVersion: 1';

  it("imports plugins by name from where the file lies, and says where it found them", async () => {
    const folder = withPlugin(`export default { ${valid}, version: "1.2.3" };`);
    const { config, pluginSources } = await loadConfig("my.json", folder);
    expect(config.plugins).toEqual([
      { name: "textdiffusion-plugin-of-mine", apiVersion: 1, version: "1.2.3" },
    ]);
    expect([...pluginSources.values()]).toEqual([
      { version: "1.2.3", folder: join(folder, "node_modules/textdiffusion-plugin-of-mine") },
    ]);
  });

  it.each([
    [
      "throws while it loads",
      'throw new TypeError("half built");',
      "PLUGIN_FAILED",
      /"textdiffusion-plugin-of-mine" to load, got "half built" thrown by .*plugin\.js.*take it out of .*my\.json/,
    ],
    [
      "imports what is not there",
      'import "absent"; export default {};',
      "PLUGIN_FAILED",
      /to load, got "Cannot find package 'absent'/,
    ],
    [
      "lies about its version",
      `export default { ${valid}, version: "2.0.0" };`,
      "PLUGIN_INVALID",
      /expected version 1\.2\.3 of plugin "textdiffusion-plugin-of-mine".*got 2\.0\.0/,
    ],
    ["exports a function", "export default () => ({});", "PLUGIN_INVALID", /default export.*got function/],
    ["exports nothing by default", "export const plugin = {};", "PLUGIN_INVALID", /without one/],
  ])("refuses a plugin that %s", async (_, code, errorCode, sentence) => {
    expect(await failure(loadConfig("my.json", withPlugin(code)))).toMatchObject({
      code: errorCode,
      message: expect.stringMatching(sentence),
    });
  });

  it.each([
    ["a missing file", {}, "FILE_NOT_FOUND", /my\.json/],
    ["text that is not JSON", { "my.json": "{ sampler: " }, "CONFIG_INVALID", /my\.json.*syntax error/],
    [
      "an include of nothing",
      { "my.json": '{ "schedule": { "$include": "absent.json" } }' },
      "FILE_NOT_FOUND",
      /a file to include at .*absent\.json/,
    ],
    ["a list", { "my.json": "[]" }, "CONFIG_INVALID", /expected an object in .*my\.json, got a list/],
    ["plugins that are no list", { "my.json": '{ "plugins": "x" }' }, "CONFIG_INVALID", /a list of plugins/],
    [
      "a plugin that is not installed",
      { "my.json": '{ "plugins": ["absent"] }' },
      "PLUGIN_INVALID",
      /"absent".*npm install absent/,
    ],
  ])("refuses %s", async (_, files, code, sentence) => {
    const error = await failure(loadConfig("my.json", folderWith(files)));
    expect(error).toMatchObject({ code, message: expect.stringMatching(sentence) });
  });

  it("says what is wrong with a module that cannot be imported", async () => {
    const folder = folderWith({ "my.ts": "export default { sampler: nonsense };" });
    expect(await failure(loadConfig("my.ts", folder))).toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(/my\.ts, got nonsense is not defined/),
    });
  });
});
