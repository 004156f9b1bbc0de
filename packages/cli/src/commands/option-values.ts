import { DiffusionError } from "textdiffusion";

/** Turns the text of an option into a value. @throws DiffusionError `CONFIG_INVALID` */
type OptionParser<Value> = (text: string) => Value;

export const positiveInteger = (flag: string): OptionParser<number> =>
  numberThat(flag, "a whole number of at least 1", (value) => Number.isSafeInteger(value) && value >= 1);

export const naturalNumber = (flag: string): OptionParser<number> =>
  numberThat(flag, "a whole number of at least 0", (value) => Number.isSafeInteger(value) && value >= 0);

export const integer = (flag: string): OptionParser<number> =>
  numberThat(flag, "a whole number", Number.isSafeInteger);

export const positiveNumber = (flag: string): OptionParser<number> =>
  numberThat(flag, "a number above 0", (value) => value > 0);

export const nonNegativeNumber = (flag: string): OptionParser<number> =>
  numberThat(flag, "a number of at least 0", (value) => value >= 0);

export const share = (flag: string): OptionParser<number> =>
  numberThat(flag, "a number above 0 and at most 1", (value) => value > 0 && value <= 1);

export const positiveIntegers =
  (flag: string): OptionParser<number[]> =>
  (text) =>
    text.split(",").map(positiveInteger(flag));

export const nonNegativeNumbers =
  (flag: string): OptionParser<number[]> =>
  (text) =>
    text.split(",").map(nonNegativeNumber(flag));

// --- internal ---

function numberThat(flag: string, expected: string, holds: (value: number) => boolean): OptionParser<number> {
  return (text) => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (Number.isFinite(value) && holds(value)) return value;
    throw new DiffusionError({
      code: "CONFIG_INVALID",
      component: "cli/options",
      problem: `expected ${expected} for ${flag}, got ${JSON.stringify(text)}`,
      remedy: `Write it as in ${flag} ${expected.includes("whole") ? 8 : 0.5}`,
    });
  };
}
