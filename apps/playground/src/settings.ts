/** How masks become words. */
export interface SamplerSettings {
  readonly sampler: string;
  readonly steps: number;
  readonly temperature: number;
  /** Tokens of a block, each of which takes all steps; 0 for one block of everything. */
  readonly block: number;
}

/** What a text is written with; all of it stands in the address of the page. */
export interface Settings extends SamplerSettings {
  readonly prompt: string;
  /** Tokens, prompt included. */
  readonly length: number;
  readonly seed: number;
  /** How noise grows with time, or "own", as the model has learnt. */
  readonly schedule: string;
  readonly backend: string;
  /** A sampler that writes beside the other, with the same numbers. */
  readonly second?: SamplerSettings;
}

/** Samplers that are offered, and what each does, in words. */
export const samplers: Readonly<Record<string, string>> = {
  random: "random order",
  confidence: "surest first",
  margin: "clearest first",
  entropy: "lowest entropy first",
  ancestral: "ancestral",
  remasking: "with second thoughts",
  threshold: "all that is sure",
};

/** Schedules that are offered, and what each does to a text, in words. */
export const schedules: Readonly<Record<string, string>> = {
  own: "as the model has learnt",
  linear: "evenly",
  cosine: "few at first",
  "cosine-squared": "few at both ends",
  sqrt: "many at first",
};

export const backends: readonly string[] = ["auto", "webgpu", "webgl", "wasm", "onnx"];

/** Samplers that go on until nothing is masked, however many steps that takes. */
export const hasSteps = (sampler: string): boolean => sampler !== "threshold";

const samplerDefaults: SamplerSettings = { sampler: "random", steps: 64, temperature: 0.7, block: 0 };

export const defaults: Omit<Settings, "second"> = {
  prompt: "ROMEO:",
  ...samplerDefaults,
  length: 128,
  seed: 5,
  schedule: "own",
  backend: "auto",
};

/** `#prompt=ROMEO%3A&sampler=random&…&sampler2=margin`, without what is as it was. */
export function hashOf({ second, ...settings }: Settings): string {
  const said = Object.entries(settings).filter(
    ([key, value]) => value !== defaults[key as keyof typeof defaults],
  );
  const seconds = Object.entries(second ?? {}).filter(
    ([key, value]) => key === "sampler" || value !== samplerDefaults[key as keyof SamplerSettings],
  );
  return new URLSearchParams([
    ...said.map(([key, value]) => [key, String(value)]),
    ...seconds.map(([key, value]) => [`${key}2`, String(value)]),
  ]).toString();
}

/**
 * Settings from the part of an address after `#`.
 *
 * @param longest - most tokens of a text, and most steps
 * @throws RangeError that names the key, what was expected and what was found
 */
export function settingsFrom(hash: string, longest = defaults.length): Settings {
  const settings: Record<string, string | number> = { ...defaults };
  let second: Record<string, string | number> | undefined;
  for (const [key, text] of new URLSearchParams(hash.replace(/^#/, ""))) {
    const ofSecond = key.replace(/2$/, "");
    if (Object.hasOwn(defaults, key)) settings[key] = settingFrom(key, text, longest);
    else if (Object.hasOwn(samplerDefaults, ofSecond)) {
      second ??= { ...samplerDefaults };
      second[ofSecond] = settingFrom(ofSecond, text, longest, key);
    } else {
      const known = [...Object.keys(defaults), ...Object.keys(samplerDefaults).map((name) => `${name}2`)];
      throw new RangeError(
        `Expected known settings in the address, got "${key}". Known: ${known.join(", ")}`,
      );
    }
  }
  return { ...settings, ...(second && { second }) } as unknown as Settings;
}

// --- internal ---

const bounds: Readonly<Record<string, readonly [least: number, most: number, isWhole: boolean]>> = {
  steps: [1, Number.POSITIVE_INFINITY, true],
  temperature: [0, 2, false],
  block: [0, Number.POSITIVE_INFINITY, true],
  length: [8, Number.POSITIVE_INFINITY, true],
  seed: [0, 999_999, true],
};

const choices: Readonly<Record<string, readonly string[]>> = {
  sampler: Object.keys(samplers),
  schedule: Object.keys(schedules),
  backend: backends,
};

/** @param said - the key as the address says it */
function settingFrom(key: string, text: string, longest: number, said = key): string | number {
  const names = choices[key];
  if (names && !names.includes(text)) {
    throw new RangeError(`Expected ${said} in the address to be one of ${names.join(", ")}, got "${text}"`);
  }
  if (!Object.hasOwn(bounds, key)) return text;
  const [least, bound, isWhole] = bounds[key];
  const most = Number.isFinite(bound) ? bound : longest;
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value >= least && value <= most && (!isWhole || Number.isInteger(value))) return value;
  throw new RangeError(
    `Expected ${said} in the address to be a ${isWhole ? "whole " : ""}number from ${least} to ${most}, got "${text}"`,
  );
}
