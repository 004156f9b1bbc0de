// Plugins that are wrong, each in its own way, as packages: what is in them, the config that uses them, and the error that a
// user must get.

const noOptions = `{ "~standard": { version: 1, vendor: "mine", validate: (value) => ({ value }) } }`;

/** A sampler that writes everything at once, but for what \`parts\` changes. */
const sampler = (name, parts = "") => `{
  name: "${name}",
  tokenRule: { temperature: 0 },
  steps: 1,
  revises: false,
  request: (row) => row.masked,
  decide: (row, draws) => ({ commit: [...draws.positions.keys()], remask: [] }),
  ${parts}
}`;

function faulty(
  name,
  fault,
  sentence,
  { apiVersion = 1, version = "1.0.0", component = name, create, before = "" },
) {
  const packageName = `textdiffusion-plugin-${name}`;
  return {
    name: packageName,
    fault,
    sentence,
    config: { sampler: component },
    files: {
      "package.json": JSON.stringify({
        name: packageName,
        version: "1.0.0",
        type: "module",
        exports: "./index.js",
      }),
      "index.js": `${before}
export default {
  name: "${packageName}",
  version: "${version}",
  apiVersion: ${apiVersion},
  samplers: [{ name: "${component}", description: "Faulty.", options: ${noOptions}, create: ${create} }],
};
`,
    },
  };
}

export const faultyPlugins = [
  faulty("throws-early", "throws when it is imported", /textdiffusion-plugin-throws-early.*no luck today/, {
    before: 'throw new Error("no luck today");',
    create: "() => undefined",
  }),
  faulty("throws-late", "throws when its component is made", /"throws-late".*no luck today/, {
    create: '() => { throw new Error("no luck today"); }',
  }),
  faulty(
    "from-tomorrow",
    "was made for another version of the contracts",
    /apiVersion 1 from plugin "textdiffusion-plugin-from-tomorrow", got 2/,
    {
      apiVersion: 2,
      create: `() => (${sampler("from-tomorrow")})`,
    },
  ),
  faulty(
    "liar",
    "lies about its version",
    /expected version 1\.0\.0 of plugin "textdiffusion-plugin-liar", .* got 9\.0\.0/,
    { version: "9.0.0", create: `() => (${sampler("liar")})` },
  ),
  faulty(
    "confident",
    "registers a name that is taken",
    /one sampler named "confidence".*"textdiffusion-plugin-confident"/,
    {
      component: "confidence",
      create: `() => (${sampler("confidence")})`,
    },
  ),
  faulty(
    "hollow",
    "makes something else than a sampler",
    /plugin "textdiffusion-plugin-hollow".*PLUGIN_INVALID/,
    {
      create: "() => ({ name: 'hollow', steps: 1 })",
    },
  ),
  faulty("off-the-page", "answers with positions that are not on the page", /off-the-page.*SAMPLER_INVALID/, {
    create: `() => (${sampler("off-the-page", "request: () => Int32Array.of(100000),")})`,
  }),
];
