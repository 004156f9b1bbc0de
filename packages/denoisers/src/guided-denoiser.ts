import {
  combineDistributions,
  type Denoiser,
  type DenoiserInput,
  DiffusionError,
  type ForwardCost,
  type TokenDistributions,
} from "@textdiffusion/core";

export interface GuidanceOptions {
  /** The w of the formula: 0 is no guidance, larger is closer to the prompt. Usual values are 0.5 to 2. */
  readonly scale: number;
  /** What prompts are replaced by. */
  readonly maskTokenId: number;
  /** Ids that stay where they are in a prompt: begin, end and other special tokens. */
  readonly keep: readonly number[];
}

/**
 * Classifier-free guidance towards the prompt: with l the logits given the canvas and l' those given the same canvas with
 * its prompt masked,
 *
 *     l' + (scale + 1) (l - l')
 *
 * as LLaDA's sampling code has it (Nie et al. 2025, arXiv:2502.09992). A prompt is what is attended to and not editable,
 * but for the tokens to keep. Everything that is drawn, and every score, is of the guided distribution; what either branch
 * calls impossible stays impossible.
 *
 * Both branches are one batch, with a second row for each row that has a prompt; rows without one, and scale 0, cost
 * nothing more and are answered as without guidance, bit for bit when no row has one.
 *
 * @param denoiser - owned from here on: `dispose()` frees it
 * @throws DiffusionError `CONFIG_INVALID` for a scale that is negative or not finite
 */
export function guidedDenoiser(denoiser: Denoiser, { scale, maskTokenId, keep }: GuidanceOptions): Denoiser {
  if (!(scale >= 0 && scale < Number.POSITIVE_INFINITY)) throw invalidScale(scale);
  const { name, vocabularySize, maxLength, timeConditioned } = denoiser;
  const kept = new Set([maskTokenId, ...keep]);
  return {
    name: scale === 0 ? name : `${name} guided by ${scale}`,
    vocabularySize,
    maxLength,
    timeConditioned,
    denoise: async (input) => {
      const prompts = scale === 0 ? [] : promptsOf(input, kept);
      if (prompts.every((prompt) => prompt.length === 0)) return denoiser.denoise(input);
      const { both, conditional, unconditional } = withUnconditionalRows(input, prompts, maskTokenId);
      const answers = await denoiser.denoise(both);
      try {
        const guided = await combineDistributions(answers, [
          { weight: 1 + scale, entries: conditional },
          { weight: -scale, entries: unconditional },
        ]);
        return withCost(guided, answers.cost ?? { forwards: 1, rowForwards: both.batch });
      } finally {
        answers.dispose();
      }
    },
    dispose: () => denoiser.dispose(),
  };
}

// --- internal ---

/** For each row the flat indices that guidance masks. */
function promptsOf({ batch, seq, ids, attentionMask, editable }: DenoiserInput, kept: ReadonlySet<number>) {
  const prompts: number[][] = Array.from({ length: batch }, () => []);
  if (!editable) return prompts;
  for (let flat = 0; flat < ids.length; flat++) {
    if (attentionMask[flat] === 1 && editable[flat] === 0 && !kept.has(ids[flat])) {
      prompts[Math.floor(flat / seq)].push(flat);
    }
  }
  return prompts;
}

/** The rows as they are, and after them once more, their prompts masked, those that have one. */
function withUnconditionalRows(
  input: DenoiserInput,
  prompts: readonly (readonly number[])[],
  maskTokenId: number,
): { both: DenoiserInput; conditional: Int32Array; unconditional: Int32Array } {
  const { batch, seq } = input;
  const rows = [...prompts.keys()];
  const doubled = rows.filter((row) => prompts[row].length > 0);
  const placeOf = new Map(doubled.map((row, index) => [row, batch + index]));
  const order = [...rows, ...doubled];
  const ids = rowsInOrder(input.ids, seq, order);
  for (const row of doubled) {
    const shift = ((placeOf.get(row) as number) - row) * seq;
    for (const flat of prompts[row]) ids[flat + shift] = maskTokenId;
  }
  const positions = [...input.positions];
  const conditional = Int32Array.from(positions.keys());
  const unconditional = conditional.map((entry) => {
    const flat = input.positions[entry];
    const place = placeOf.get(Math.floor(flat / seq));
    return place === undefined ? entry : positions.push(place * seq + (flat % seq)) - 1;
  });
  const both: DenoiserInput = {
    batch: order.length,
    seq,
    ids,
    attentionMask: rowsInOrder(input.attentionMask, seq, order),
    editable: input.editable && rowsInOrder(input.editable, seq, order),
    time: rowsInOrder(input.time, 1, order),
    positions: Int32Array.from(positions),
  };
  return { both, conditional, unconditional };
}

/** Rows of `width` numbers each, in the order given; a row may come twice. */
function rowsInOrder<Values extends Int32Array | Uint8Array | Float64Array>(
  values: Values,
  width: number,
  order: readonly number[],
): Values {
  const taken = new (values.constructor as new (length: number) => Values)(order.length * width);
  order.forEach((row, place) => {
    taken.set(values.subarray(row * width, (row + 1) * width), place * width);
  });
  return taken;
}

function withCost(distributions: TokenDistributions, cost: ForwardCost): TokenDistributions {
  return { ...distributions, cost };
}

function invalidScale(scale: number): DiffusionError {
  return new DiffusionError({
    code: "CONFIG_INVALID",
    component: "denoisers/guided",
    problem: `expected a guidance scale of at least 0, got ${scale}`,
    remedy: "Use 0 for no guidance, 0.5 to 2 for more of the prompt",
  });
}
