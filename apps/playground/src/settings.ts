/** What a text is written with; all of it stands in the address of the page. */
export interface Settings {
  readonly prompt: string;
  readonly sampler: string;
  readonly steps: number;
  readonly temperature: number;
  /** Tokens, prompt included. */
  readonly length: number;
  readonly seed: number;
  readonly backend: string;
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

export const backends: readonly string[] = ["auto", "webgpu", "webgl", "wasm", "onnx"];

/** Samplers that go on until nothing is masked, however many steps that takes. */
export const hasSteps = (sampler: string): boolean => sampler !== "threshold";

export const defaults: Settings = {
  prompt: "ROMEO:",
  sampler: "random",
  steps: 64,
  temperature: 0.7,
  length: 128,
  seed: 5,
  backend: "auto",
};

/** `#prompt=ROMEO%3A&sampler=random&…`, without what is as it was. */
export function hashOf(settings: Settings): string {
  const said = Object.entries(settings).filter(([key, value]) => value !== defaults[key as keyof Settings]);
  return new URLSearchParams(said.map(([key, value]) => [key, String(value)])).toString();
}

/**
 * Settings from the part of an address after `#`.
 *
 * @param longest - most tokens of a text, and most steps
 * @throws RangeError that names the key, what was expected and what was found
 */
export function settingsFrom(hash: string, longest = defaults.length): Settings {
  const settings: Record<string, string | number> = { ...defaults };
  for (const [key, text] of new URLSearchParams(hash.replace(/^#/, ""))) {
    if (!Object.hasOwn(defaults, key)) {
      throw new RangeError(
        `Expected known settings in the address, got "${key}". Known: ${Object.keys(defaults).join(", ")}`,
      );
    }
    settings[key] = settingFrom(key, text, longest);
  }
  return settings as unknown as Settings;
}

// --- internal ---

const bounds: Readonly<Record<string, readonly [least: number, most: number, isWhole: boolean]>> = {
  steps: [1, Number.POSITIVE_INFINITY, true],
  temperature: [0, 2, false],
  length: [8, Number.POSITIVE_INFINITY, true],
  seed: [0, 999_999, true],
};

function settingFrom(key: string, text: string, longest: number): string | number {
  const names = key === "sampler" ? Object.keys(samplers) : key === "backend" ? backends : undefined;
  if (names && !names.includes(text)) {
    throw new RangeError(`Expected ${key} in the address to be one of ${names.join(", ")}, got "${text}"`);
  }
  if (!Object.hasOwn(bounds, key)) return text;
  const [least, bound, isWhole] = bounds[key];
  const most = Number.isFinite(bound) ? bound : longest;
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value >= least && value <= most && (!isWhole || Number.isInteger(value))) return value;
  throw new RangeError(
    `Expected ${key} in the address to be a ${isWhole ? "whole " : ""}number from ${least} to ${most}, got "${text}"`,
  );
}
