import { decimals, textTable } from "textdiffusion";
import type { ContenderResult } from "./run-contender.js";

/** A comparison for people: what each wrote is shown elsewhere. */
export function describeComparison(results: readonly [ContenderResult, ContenderResult]): string {
  const table = textTable(
    ["", "forwards", "tokens", "bytes", "first s", "again s", "tokens/s"],
    results.map(({ title, forwards, tokens, bytes, firstMs, againMs }) => [
      title,
      String(forwards),
      String(tokens),
      String(bytes),
      decimals(firstMs / 1000, 2),
      decimals(againMs / 1000, 2),
      decimals((tokens * 1000) / againMs, 1),
    ]),
  );
  const [diffusion, autoregression] = results;
  const ratio = timesAsFast(diffusion, autoregression);
  const verdict =
    ratio >= 1
      ? `Diffusion wrote its tokens ${decimals(ratio, 2)} times as fast as autoregression.`
      : `Autoregression wrote its tokens ${decimals(1 / ratio, 2)} times as fast as diffusion.`;
  return `${table.trimEnd()}\nThe first run of a process compiles; speeds are those of the second.\n${verdict}\n`;
}

/** How many tokens the one writes in the time that the other takes for one. */
export function timesAsFast(one: ContenderResult, other: ContenderResult): number {
  return one.tokens / one.againMs / (other.tokens / other.againMs);
}
