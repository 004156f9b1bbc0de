import {
  type AnyDefinition,
  byName,
  type ComponentKind,
  type ComponentKinds,
  componentKinds,
  createPipeline,
  decodeOptions,
  type PipelineConfig,
  type Plugin,
  Registry,
} from "@textdiffusion/core";
import { holds } from "../expect-law.js";
import { type Law, withSkips } from "../law.js";
import { powerNoise } from "../power-noise.js";
import { letterTokenizer } from "../tokenizers/letter-tokenizer.js";
import { type BackendLawOptions, backendLaws } from "./backend-laws.js";
import { type CallbackLawOptions, callbackLaws } from "./callback-laws.js";
import { type CollatorLawOptions, collatorLaws } from "./collator-laws.js";
import { dataSourceLaws } from "./data-source-laws.js";
import { type DenoiserLawOptions, denoiserLaws } from "./denoiser-laws.js";
import { type NoiseScheduleLawOptions, noiseScheduleLaws } from "./noise-schedule-laws.js";
import { type SamplerLawOptions, samplerLaws } from "./sampler-laws.js";
import { tokenizerLaws } from "./tokenizer-laws.js";

/** What the laws need to know of a component that `{}` cannot tell. */
export interface ComponentSetting {
  /** Options to make it with. Default none. */
  readonly options?: object;
  /** Other parts of its pipeline. Default linear noise and a tokenizer of letters. */
  readonly parts?: PipelineConfig;
  /** Options of the laws of its contract. Skips are those of its definition. */
  readonly laws?: Partial<
    BackendLawOptions &
      CallbackLawOptions &
      CollatorLawOptions &
      DenoiserLawOptions &
      NoiseScheduleLawOptions &
      SamplerLawOptions
  >;
  /** Texts for the laws of a tokenizer. */
  readonly samples?: readonly string[];
}

export interface PluginLawOptions {
  /** Asked for every component. */
  setting?(kind: ComponentKind, name: string): ComponentSetting | undefined;
  /** Imports the package anew (`() => import("./index.js?again")`). Without it `importing-changes-nothing` is left out. */
  load?(): Promise<unknown>;
  /** A plugin around each component: a choice of it that has `inner` for an option. Default none. */
  readonly around?: { readonly plugin: Plugin; readonly name: string };
}

/**
 * The laws of a plugin: `is-a-plain-value`, `is-accepted` (names are kebab-case and unique), `importing-changes-nothing`;
 * of each component, as `sampler/NAME/LAW`, `describes-itself`, `options-decode-from-nothing`,
 * `options-refuse-unknown-keys`, `options-are-described`, and all laws of its contract, made as a config makes it. The
 * exceptions that a definition declares are skipped, with their reasons.
 *
 * ```ts
 * for (const law of await pluginLaws(plugin)) it.skipIf(law.skip !== undefined)(law.name, law.run);
 * ```
 *
 * @throws Error when an exception names no law, and what making a component throws
 */
export async function pluginLaws(plugin: Plugin, options: PluginLawOptions = {}): Promise<Law[]> {
  const registry = new Registry([plugin]);
  const laws = [...manifestLaws(plugin, options.load)];
  for (const kind of componentKinds) {
    for (const name of registry.names(kind)) {
      const definition = registry.find(kind, name);
      const setting = options.setting?.(kind, name) ?? {};
      const ofComponent = [
        ...definitionLaws(kind, definition, setting),
        ...(await contractLaws(kind, definition, setting, plugin, options.around)),
      ];
      for (const law of withSkips(ofComponent, definition.exceptions)) {
        laws.push({ ...law, name: `${kind}/${name}/${law.name}` });
      }
    }
  }
  return laws;
}

// --- internal ---

function manifestLaws(plugin: Plugin, load: PluginLawOptions["load"]): Law[] {
  return [
    {
      name: "is-a-plain-value",
      run: () => {
        holds(
          Object.getPrototypeOf(plugin) === Object.prototype,
          () => `expected plugin "${plugin.name}" to be a plain object, got one of a class`,
        );
        for (const [key, value] of Object.entries(plugin)) {
          const isPlain = typeof value === "string" || typeof value === "number" || Array.isArray(value);
          holds(isPlain, () => `expected ${key} of plugin "${plugin.name}" to be data, got ${typeof value}`);
        }
      },
    },
    { name: "is-accepted", run: () => void new Registry([plugin]) },
    {
      name: "importing-changes-nothing",
      skip: load ? undefined : "no way to import it anew was given",
      run: async () => {
        const seen = () => [...Reflect.ownKeys(globalThis)].map(String).join();
        const before = seen();
        await load?.();
        holds(seen() === before, () => `expected the same globals after importing, got ${seen()}`);
      },
    },
  ];
}

function definitionLaws(
  kind: ComponentKind,
  { name, description, options: schema }: AnyDefinition<ComponentKind>,
  setting: ComponentSetting,
): Law[] {
  const decode = (value: object) => decodeOptions(schema, value, kind, `${kind} "${name}"`);
  return [
    {
      name: "describes-itself",
      run: () =>
        holds(
          description.trim() !== "" && !description.includes("\n"),
          () => `expected a description of one line, got ${JSON.stringify(description)}`,
        ),
    },
    {
      name: "options-decode-from-nothing",
      run: async () => {
        const problem = await decode({}).then(
          () => undefined,
          (error: unknown) => String(error),
        );
        holds(problem === undefined, () => `expected a default for every option, got ${problem}`);
      },
    },
    {
      name: "options-refuse-unknown-keys",
      run: async () => {
        const accepted = await decode({ ...setting.options, "no-such-option": 1 }).then(
          () => true,
          () => false,
        );
        holds(!accepted, () => "expected an unknown option to be refused, got it accepted");
      },
    },
    {
      name: "options-are-described",
      run: () => {
        const bare = Object.entries(describedOptions(schema)).filter(([, about]) => !about.description);
        holds(
          bare.length === 0,
          () =>
            `expected a description of each option, got none for ${bare.map(([option]) => option).join(", ")}`,
        );
      },
    },
  ];
}

/** Options and what their schema says of them, where it can say it. */
function describedOptions(schema: {
  readonly "~standard": object;
}): Record<string, { description?: string }> {
  const standard = schema["~standard"] as {
    readonly jsonSchema?: { input(options: { readonly target: string }): object };
  };
  try {
    const json = standard.jsonSchema?.input({ target: "draft-07" }) ?? {};
    return (json as { properties?: Record<string, { description?: string }> }).properties ?? {};
  } catch {
    return {};
  }
}

async function contractLaws<Kind extends ComponentKind>(
  kind: Kind,
  definition: AnyDefinition<Kind>,
  setting: ComponentSetting,
  plugin: Plugin,
  around: PluginLawOptions["around"],
): Promise<Law[]> {
  const parts = { schedule: powerNoise(1), tokenizer: letterTokenizer(" abcdefgh"), ...setting.parts };
  const own = { name: definition.name, ...setting.options };
  const chosen = byName(around ? { name: around.name, inner: own } : own);
  const plugins = [plugin, ...(around ? [around.plugin] : []), ...(setting.parts?.plugins ?? [])];
  const open = () => createPipeline({ ...parts, plugins, [kind]: chosen } as PipelineConfig);

  if (kind === "backend") {
    const options = await decodeOptions(definition.options, setting.options ?? {}, kind, definition.name);
    return backendLaws(
      () => definition.create(options, {} as never) as ComponentKinds["backend"],
      setting.laws,
    );
  }
  const lawsOf = async (component: ComponentKinds[Kind]) =>
    lawsOfKind(kind, component, setting, await partsOf(parts));
  const sample = await open();
  const names = (await lawsOf(await sample.get(kind))).map(({ name }) => name);
  await sample.dispose();
  return names.map((name) => ({
    name,
    run: async () => {
      const pipeline = await open();
      try {
        const law = (await lawsOf(await pipeline.get(kind))).find((candidate) => candidate.name === name);
        await law?.run();
      } finally {
        await pipeline.dispose();
      }
    },
  }));
}

/** Schedule and tokenizer of a pipeline of parts, themselves. */
async function partsOf(parts: PipelineConfig) {
  const pipeline = await createPipeline({
    plugins: parts.plugins,
    schedule: parts.schedule,
    tokenizer: parts.tokenizer,
  });
  return { schedule: await pipeline.get("schedule"), tokenizer: await pipeline.get("tokenizer") };
}

function lawsOfKind(
  kind: ComponentKind,
  component: unknown,
  { laws = {}, samples = someTexts }: ComponentSetting,
  { schedule, tokenizer }: Pick<ComponentKinds, "schedule" | "tokenizer">,
): Law[] {
  const of = <Component>() => component as Component;
  const kinds: Readonly<Record<Exclude<ComponentKind, "backend">, () => Law[]>> = {
    callback: () => callbackLaws(() => of<ComponentKinds["callback"]>(), { run: laws.run }),
    collator: () =>
      collatorLaws(() => of<ComponentKinds["collator"]>(), { tokenizer, rowLength: 16, schedule, ...laws }),
    denoiser: () =>
      denoiserLaws(() => undisposed(of<ComponentKinds["denoiser"]>()), {
        maskTokenId: tokenizer.special.mask,
        ...laws,
      }),
    sampler: () => samplerLaws(() => of<ComponentKinds["sampler"]>(), laws),
    schedule: () => noiseScheduleLaws(() => of<ComponentKinds["schedule"]>(), laws),
    source: () => dataSourceLaws(() => of<ComponentKinds["source"]>()),
    tokenizer: () => tokenizerLaws(() => of<ComponentKinds["tokenizer"]>(), samples),
  };
  return kinds[kind as Exclude<ComponentKind, "backend">]();
}

/** The pipeline disposes of it. */
function undisposed(denoiser: ComponentKinds["denoiser"]): ComponentKinds["denoiser"] {
  return Object.create(denoiser, { dispose: { value: () => undefined } });
}

const someTexts = ["abba", "", " ", "a cab", "<mask>ab</s>", "héllo", "日本語 🙂"];
