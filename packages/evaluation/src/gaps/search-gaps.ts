import {
  DiffusionError,
  type Gap,
  type GapRange,
  type Generation,
  type GenerationRequest,
  type PromptPart,
  type TokenRow,
} from "@textdiffusion/core";
import { type LikelihoodOptions, likelihoodBound } from "../likelihood/likelihood-bound.js";

export interface GapSearchOptions extends Omit<LikelihoodOptions, "seed" | "onProgress"> {
  /** Fills gaps of known length: `generate` of a pipeline. */
  readonly write: (request: GenerationRequest) => Promise<Generation>;
}

/** One choice of lengths that was tried. */
export interface GapTrial {
  /** Length of each searched gap of the row, from the left. */
  readonly lengths: readonly number[];
  /** Bound on the cost of the row that was written with them, fixed text included; the smaller the better. */
  readonly natsPerToken: number;
}

/** The search of one row. */
export interface GapSearch {
  readonly row: number;
  /** The lengths that were found best; the first of equals, which has the fewer tokens. */
  readonly lengths: readonly number[];
  /** Everything that was tried, in order. */
  readonly trials: readonly GapTrial[];
}

/**
 * Finds lengths for gaps that leave them open (`{ gap: { min: 2, max: 6 } }`): the row is written with each candidate, by the
 * request's own seed and sampler, and the lengths win whose text the model finds likeliest, by the likelihood bound a
 * token of the whole row (`likelihoodBound`). A token, since a sum would favour the shortest; the whole row, since a gap of
 * the wrong length shows in the text around it.
 *
 * One gap tries all its lengths. Several try all combinations where these are no more than 16; else one gap after the
 * other, from the left, the others staying where they are best so far, beginning in the middle, until a round changes
 * nothing or two are done: rounds times the sum of the ranges instead of their product, and not always the best of all.
 * Rows are searched one by one, so a row's lengths do not depend on the others. Lengths that the request's constraint
 * cannot match are left out.
 *
 * @returns the request with lengths in place of ranges, and what was tried, for the rows that had any
 * @throws DiffusionError `PROMPT_INVALID` for a range that is none, or where no length is possible; what `write` throws
 */
export async function searchGaps(
  request: GenerationRequest,
  options: GapSearchOptions,
): Promise<{ readonly request: GenerationRequest; readonly searches: readonly GapSearch[] }> {
  const prompts = [...(request.prompts ?? [])];
  const searches: GapSearch[] = [];
  for (const [row, prompt] of prompts.entries()) {
    if (typeof prompt === "string") continue;
    const ranges = rangesOf(prompt, row);
    if (ranges.length === 0) continue;
    const search = await searchRow(row, prompt, ranges, request, options);
    searches.push(search);
    prompts[row] = withLengths(prompt, search.lengths);
  }
  return { request: searches.length === 0 ? request : { ...request, prompts }, searches };
}

// --- internal ---

const mostCombinations = 16;
const rounds = 2;

function rangesOf(prompt: readonly PromptPart[], row: number): GapRange[] {
  const ranges: GapRange[] = [];
  for (const part of prompt) {
    if (typeof part === "string" || typeof part.gap === "number") continue;
    const { min, max } = part.gap;
    if (!(Number.isSafeInteger(min) && Number.isSafeInteger(max) && min >= 1 && max >= min)) {
      throw invalid(
        `a gap of min to max tokens, whole numbers of at least 1, in prompt ${row}, got ${min} to ${max}`,
        "Write { gap: { min: 2, max: 6 } }",
      );
    }
    ranges.push(part.gap);
  }
  return ranges;
}

function withLengths(prompt: readonly PromptPart[], lengths: readonly number[]): PromptPart[] {
  let next = 0;
  return prompt.map((part): PromptPart => {
    if (typeof part === "string" || typeof part.gap === "number") return part;
    return { ...part, gap: lengths[next++] } satisfies Gap;
  });
}

async function searchRow(
  row: number,
  prompt: readonly PromptPart[],
  ranges: readonly GapRange[],
  request: GenerationRequest,
  options: GapSearchOptions,
): Promise<GapSearch> {
  const trials = new Map<string, GapTrial>();
  let refusal: unknown;
  const combinations = ranges.reduce((product, { min, max }) => product * (max - min + 1), 1);
  if (combinations <= mostCombinations) {
    await tryAll(combinationsOf(ranges));
  } else {
    let current = ranges.map(({ min, max }) => (min + max) >> 1);
    for (let round = 0; round < rounds; round++) {
      const before = current.join();
      for (const [index, { min, max }] of ranges.entries()) {
        await tryAll(lengthsFrom(min, max).map((length) => current.with(index, length)));
        current = [...(best()?.lengths ?? current)];
      }
      if (current.join() === before) break;
    }
  }
  const found = best();
  if (found === undefined) {
    throw (
      refusal ?? invalid(`a possible length for the gaps of prompt ${row}, got none`, "Widen their ranges")
    );
  }
  return { row, lengths: found.lengths, trials: [...trials.values()] };

  function best(): GapTrial | undefined {
    const size = ({ lengths }: GapTrial) => lengths.reduce((sum, length) => sum + length, 0);
    return [...trials.values()].sort((a, b) => a.natsPerToken - b.natsPerToken || size(a) - size(b))[0];
  }

  async function tryAll(candidates: readonly (readonly number[])[]): Promise<void> {
    for (const lengths of candidates) {
      if (trials.has(lengths.join())) continue;
      try {
        trials.set(lengths.join(), { lengths, natsPerToken: await costOf(lengths) });
      } catch (error) {
        // No text of this length meets the constraint or the longest row; another may.
        if (!DiffusionError.is(error, "PROMPT_INVALID")) throw error;
        refusal = error;
      }
    }
  }

  async function costOf(lengths: readonly number[]): Promise<number> {
    const { ids } = await options.write({
      ...request,
      prompts: [withLengths(prompt, lengths)],
      rowKeys: [request.rowKeys?.[row] ?? row],
      rules: request.rules
        ?.filter((rule) => rule.row === undefined || rule.row === row)
        .map((rule) => (rule.row === undefined ? rule : { ...rule, row: 0 })),
    });
    const text: TokenRow = { ids };
    const { natsPerToken } = await likelihoodBound([text], { ...options, seed: request.seed ?? 0 });
    return natsPerToken;
  }
}

const lengthsFrom = (min: number, max: number) =>
  Array.from({ length: max - min + 1 }, (_, index) => min + index);

function combinationsOf(ranges: readonly GapRange[]): number[][] {
  return ranges.reduce<number[][]>(
    (lists, { min, max }) =>
      lists.flatMap((list) => lengthsFrom(min, max).map((length) => [...list, length])),
    [[]],
  );
}

function invalid(expectedAndGot: string, remedy: string): DiffusionError {
  return new DiffusionError({
    code: "PROMPT_INVALID",
    component: "evaluation/gaps",
    problem: `expected ${expectedAndGot}`,
    remedy,
  });
}
