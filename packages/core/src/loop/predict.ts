import { whoMade } from "../composition/checked/origin.js";
import type { Denoiser, ForwardCost, TokenDraws } from "../contracts/denoiser.js";
import type { RowDraws, Sampler, SamplerRow } from "../contracts/sampler.js";
import { permits, type TokenRestriction } from "../contracts/token-restriction.js";
import { DiffusionError } from "../errors/diffusion-error.js";
import type { RowState } from "./row-state.js";

export interface PredictionSettings {
  readonly denoiser: Denoiser;
  readonly sampler: Pick<Sampler, "tokenRule">;
  readonly suppressed?: readonly number[];
  readonly maskTokenId: number;
}

/** What a row asks in a step. */
export interface Plan {
  readonly row: RowState;
  readonly view: SamplerRow;
  readonly positions: Int32Array;
}

/** What the denoiser said of the rows that asked, and what that cost. */
export interface Predictions {
  readonly drawsOf: ReadonlyMap<RowState, RowDraws>;
  readonly cost: ForwardCost;
  /** Draws again at some of the positions that a row asked for, ascending, what they may take now. No forward. */
  redraw(row: RowState, positions: Int32Array, round: number): Promise<RowDraws>;
  /** Frees the distributions. */
  dispose(): void;
}

/** One question for all rows that asked, and the draws handed back row by row. The caller disposes. */
export async function predict(
  { denoiser, sampler, suppressed, maskTokenId }: PredictionSettings,
  seq: number,
  plans: readonly Plan[],
  step: number,
): Promise<Predictions> {
  const batch = plans.length;
  const ids = new Int32Array(batch * seq);
  const attentionMask = new Uint8Array(batch * seq);
  const editable = new Uint8Array(batch * seq);
  const count = plans.reduce((sum, plan) => sum + plan.positions.length, 0);
  const positions = new Int32Array(count);
  const uniforms = new Float64Array(count);
  const offsets = new Map<RowState, number>();
  let offset = 0;
  plans.forEach((plan, index) => {
    ids.set(plan.row.page.ids, index * seq);
    attentionMask.set(plan.row.page.attentionMask, index * seq);
    editable.set(plan.row.page.editable, index * seq);
    positions.set(
      plan.positions.map((position) => index * seq + position),
      offset,
    );
    uniforms.set(plan.row.tokenUniforms(plan.positions), offset);
    offsets.set(plan.row, offset);
    offset += plan.positions.length;
  });
  const restrictions = restrictionsOfDraws(plans);
  const time = Float64Array.from(plans, (plan) => plan.view.t);
  const distributions = await denoiser.denoise({ batch, seq, ids, attentionMask, editable, time, positions });
  const draw = async (numbers: Float64Array, given: Restrictions): Promise<TokenDraws> => {
    const draws = await distributions.draw(sampler.tokenRule, numbers, suppressed, given);
    assertDraws(draws, count, denoiser, maskTokenId, step, given);
    return draws;
  };
  try {
    const draws = await draw(uniforms, restrictions);
    const drawsOf = new Map<RowState, RowDraws>();
    for (const { row, positions: own } of plans) {
      const from = offsets.get(row) as number;
      const places = Int32Array.from(own, (_, index) => from + index);
      drawsOf.set(row, drawsAt(draws, places, own));
    }
    return {
      drawsOf,
      cost: distributions.cost ?? { forwards: 1, rowForwards: batch },
      redraw: async (row, some, round) => {
        const asked = drawsOf.get(row)?.positions ?? some;
        const places = some.map((position) => (offsets.get(row) as number) + asked.indexOf(position));
        const numbers = uniforms.slice();
        const given = restrictions?.slice() ?? new Array<TokenRestriction | undefined>(count).fill(undefined);
        const now = row.page.restrictionsAt(some);
        row.tokenUniforms(some, round).forEach((number, index) => {
          numbers[places[index]] = number;
          given[places[index]] = now?.[index];
        });
        return drawsAt(await draw(numbers, given), places, some);
      },
      dispose: () => distributions.dispose(),
    };
  } catch (error) {
    distributions.dispose();
    throw error;
  }
}

export const noDraws: RowDraws = {
  positions: new Int32Array(0),
  tokens: new Int32Array(0),
  logProbs: new Float32Array(0),
  entropy: new Float32Array(0),
  margin: new Float32Array(0),
};

/** Where no row asked. */
export const noPredictions: Predictions = {
  drawsOf: new Map(),
  cost: { forwards: 0, rowForwards: 0 },
  redraw: async () => noDraws,
  dispose: () => undefined,
};

// --- internal ---

type Restrictions = (TokenRestriction | undefined)[] | undefined;

function drawsAt(draws: TokenDraws, places: Int32Array, positions: Int32Array): RowDraws {
  return {
    positions,
    tokens: places.map((place) => draws.tokens[place]),
    logProbs: Float32Array.from(places, (place) => draws.logProbs[place]),
    entropy: Float32Array.from(places, (place) => draws.entropy[place]),
    margin: Float32Array.from(places, (place) => draws.margin[place]),
  };
}

/** What each draw may take, or undefined where no row restricts any. */
function restrictionsOfDraws(plans: readonly Plan[]): (TokenRestriction | undefined)[] | undefined {
  const ofRows = plans.map(({ row, positions }) => row.page.restrictionsAt(positions));
  if (ofRows.every((ofRow) => ofRow === undefined)) return undefined;
  return ofRows.flatMap((ofRow, index) => ofRow ?? new Array(plans[index].positions.length).fill(undefined));
}

function assertDraws(
  draws: TokenDraws,
  count: number,
  denoiser: Denoiser,
  maskTokenId: number,
  step: number,
  restrictions: readonly (TokenRestriction | undefined)[] | undefined,
): void {
  const component = whoMade(denoiser, "denoisers");
  for (const name of ["tokens", "logProbs", "entropy", "margin"] as const) {
    if (draws[name].length !== count) {
      throw new DiffusionError({
        code: "SHAPE_MISMATCH",
        component,
        problem: `expected ${count} ${name} from draw, got ${draws[name].length} (step ${step})`,
        remedy: "draw must answer with one entry for each requested position",
      });
    }
  }
  for (let index = 0; index < count; index++) {
    const token = draws.tokens[index];
    const notANumber = (["logProbs", "entropy", "margin"] as const).find((name) =>
      Number.isNaN(draws[name][index]),
    );
    if (notANumber !== undefined) {
      throw new DiffusionError({
        code: "NOT_A_NUMBER",
        component,
        problem: `expected a number for every draw, got NaN in "${notANumber}" in step ${step}`,
        remedy:
          "The weights probably hold NaN: check the checkpoint, or lower the learning rate that made it",
      });
    }
    if (token < 0 || token >= denoiser.vocabularySize || token === maskTokenId) {
      throw new DiffusionError({
        code: "TOKEN_OUT_OF_RANGE",
        component,
        problem: `expected token ids in [0, ${denoiser.vocabularySize}) other than the mask ${maskTokenId}, got ${token} in step ${step}`,
        remedy: "A denoiser must never draw [MASK] or ids outside its vocabulary",
      });
    }
    if (!permits(restrictions?.[index], token)) {
      throw new DiffusionError({
        code: "TOKEN_OUT_OF_RANGE",
        component,
        problem: `expected tokens that the restrictions of their positions permit, got ${token} in step ${step}`,
        remedy:
          "The denoiser's draw must heed its restrictions: run denoiserLaws of @textdiffusion/testkit on it",
      });
    }
  }
}
