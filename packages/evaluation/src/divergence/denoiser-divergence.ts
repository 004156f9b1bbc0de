import {
  type Denoiser,
  type DenoiserInput,
  DiffusionError,
  type ReverseLoopOptions,
  reverseLoop,
} from "@textdiffusion/core";

export interface DivergenceOptions extends ReverseLoopOptions {
  /** What `denoiser`, which writes the text, is compared with: it is asked the same of the same canvases. */
  readonly reference: Denoiser;
}

/** How far two denoisers are apart in one reverse step. */
export interface StepDivergence {
  /** Index of the step, from 0. Steps that asked for nothing are left out. */
  readonly step: number;
  readonly positions: number;
  /** Over the requested positions, of KL(reference || denoiser) in nats. */
  readonly meanKl: number;
  readonly maxKl: number;
  /** Share of the requested positions at which both have the same most probable token. */
  readonly sameArgmax: number;
}

export interface DenoiserDivergence {
  readonly reference: string;
  readonly denoiser: string;
  readonly steps: readonly StepDivergence[];
  /** Over all positions of all steps, as in `StepDivergence`. */
  readonly meanKl: number;
  readonly maxKl: number;
  readonly sameArgmax: number;
}

/**
 * What an approximation costs: generates with one denoiser and asks another the same questions along the way, an
 * approximate cache and the model without it, say.
 *
 * The divergence is `KL(p || q) = sum of p ln(p / q)`, p the reference, of the distributions at each requested position. Errors
 * that the approximation made earlier are in the canvas that both see, so this is how far apart the two are on the texts
 * that the approximation writes. Both tables are downloaded in each step: a measurement, not a way to generate.
 *
 * @throws DiffusionError what `reverseLoop` throws; `SHAPE_MISMATCH` for denoisers of different vocabularies
 */
export async function denoiserDivergence(options: DivergenceOptions): Promise<DenoiserDivergence> {
  const { reference, denoiser } = options;
  if (reference.vocabularySize !== denoiser.vocabularySize) throw differentVocabularies(reference, denoiser);
  const compared: Comparison[] = [];
  const watched: Denoiser = {
    name: denoiser.name,
    vocabularySize: denoiser.vocabularySize,
    maxLength: denoiser.maxLength,
    timeConditioned: denoiser.timeConditioned,
    denoise: async (input) => {
      const truth = await tableOf(reference, input);
      const answer = await denoiser.denoise(input);
      try {
        compared.push(compare(truth, await answer.logProbs(), denoiser.vocabularySize));
      } catch (error) {
        answer.dispose();
        throw error;
      }
      return answer;
    },
    dispose: () => undefined,
  };
  const steps: StepDivergence[] = [];
  for await (const event of reverseLoop({ ...options, denoiser: watched })) {
    if (event.kind !== "step" || compared.length === steps.length) continue;
    steps.push({ step: event.step, ...summaryOf(compared.slice(steps.length)) });
  }
  const { positions: _, ...all } = summaryOf(compared);
  return { reference: reference.name, denoiser: denoiser.name, steps, ...all };
}

// --- internal ---

/** Of each requested position. */
interface Comparison {
  /** nats */
  readonly kl: Float64Array;
  readonly same: Uint8Array;
}

async function tableOf(denoiser: Denoiser, input: DenoiserInput): Promise<Float32Array> {
  const answer = await denoiser.denoise(input);
  return answer.logProbs().finally(() => answer.dispose());
}

/** @param truth - and `answer`: log-probabilities in nats; shape [positions, vocab] */
function compare(truth: Float32Array, answer: Float32Array, vocabularySize: number): Comparison {
  const count = truth.length / vocabularySize;
  const kl = new Float64Array(count);
  const same = new Uint8Array(count);
  for (let index = 0; index < count; index++) {
    const from = index * vocabularySize;
    let [best, answeredBest] = [from, from];
    for (let at = from; at < from + vocabularySize; at++) {
      if (truth[at] > truth[best]) best = at;
      if (answer[at] > answer[answeredBest]) answeredBest = at;
      if (truth[at] > Number.NEGATIVE_INFINITY) kl[index] += Math.exp(truth[at]) * (truth[at] - answer[at]);
    }
    kl[index] = Math.max(0, kl[index]); // float32 rows sum to 1 up to rounding only
    same[index] = best === answeredBest ? 1 : 0;
  }
  return { kl, same };
}

function summaryOf(compared: readonly Comparison[]) {
  const kl = compared.flatMap((one) => [...one.kl]);
  const same = compared.flatMap((one) => [...one.same]);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return {
    positions: kl.length,
    meanKl: kl.length === 0 ? 0 : sum(kl) / kl.length,
    maxKl: kl.reduce((largest, value) => Math.max(largest, value), 0),
    sameArgmax: same.length === 0 ? 1 : sum(same) / same.length,
  };
}

function differentVocabularies(reference: Denoiser, denoiser: Denoiser): DiffusionError {
  return new DiffusionError({
    code: "SHAPE_MISMATCH",
    component: "evaluation/divergence",
    problem: `expected a reference of ${denoiser.vocabularySize} tokens, as "${denoiser.name}" has, got "${reference.name}" of ${reference.vocabularySize}`,
    remedy: "Compare denoisers of one vocabulary",
  });
}
