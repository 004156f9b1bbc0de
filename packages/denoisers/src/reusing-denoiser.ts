import {
  combineDistributions,
  type Denoiser,
  type DenoiserInput,
  type ForwardCost,
  type TokenDistributions,
} from "@textdiffusion/core";
import { joinDistributions } from "./join-distributions.js";

/**
 * The same answers with fewer forwards: a canvas that the call before saw is answered from what is kept of it, and
 * canvases that are alike within a call are computed once.
 *
 * Exact, since a denoiser's answer depends on nothing but the row: its ids, attention and editable positions, and its
 * time where the denoiser is time conditioned. It saves where a sampler asks although nothing changed (path planning,
 * editing, noise that depends on tokens) and where a batch begins with one prompt. Samplers that ask only for what they
 * will reveal, the ancestral one above all, need no reuse: a step that reveals nothing does not ask.
 *
 * What a call used stays allocated until a call that does not use it, or `dispose()`: on a device a float32 for each token
 * of the vocabulary at each position asked for. Wrap guidance in reuse, not reuse in guidance, which combines faster what
 * comes from one forward.
 *
 * @param denoiser - owned from here on: `dispose()` frees it
 */
export function reusingDenoiser(denoiser: Denoiser): Denoiser {
  const { name, vocabularySize, maxLength, timeConditioned } = denoiser;
  let kept: readonly KnownCanvas[] = [];
  let disposed = false;

  /** One known canvas for each of `canvases`, each with a hold on its answer. */
  async function know(
    canvases: readonly Canvas[],
    seq: number,
  ): Promise<{ known: KnownCanvas[]; cost: ForwardCost }> {
    const known = canvases.map((canvas) =>
      kept.find((old) => alike(old, canvas, timeConditioned) && covers(old, canvas)),
    );
    for (const old of known) old?.answer.hold();
    const fresh = canvases.filter((_, index) => known[index] === undefined);
    if (fresh.length === 0) return { known: known as KnownCanvas[], cost: nothing };
    try {
      const answer = sharedAnswer(await denoiser.denoise(batchOf(fresh, seq)));
      let entries = 0;
      const all = canvases.map((canvas, index): KnownCanvas => {
        const old = known[index];
        if (old) return old;
        answer.hold();
        return { ...canvas, answer, entryOf: new Map(Array.from(canvas.positions, (at) => [at, entries++])) };
      });
      return { known: all, cost: answer.distributions.cost ?? { forwards: 1, rowForwards: fresh.length } };
    } catch (error) {
      for (const old of known) old?.answer.release();
      throw error;
    }
  }

  return {
    name,
    vocabularySize,
    maxLength,
    timeConditioned,
    denoise: async (input) => {
      const { canvases, canvasOf } = distinctCanvases(input, timeConditioned);
      const { known, cost } = await know(canvases, input.seq);
      try {
        const distributions = await answerFrom(input, (row) => known[canvasOf[row]]);
        return { ...distributions, cost };
      } finally {
        for (const { answer } of disposed ? known : kept) answer.release();
        kept = disposed ? [] : known;
      }
    },
    dispose: () => {
      for (const { answer } of kept) answer.release();
      kept = [];
      disposed = true;
      denoiser.dispose();
    },
  };
}

// --- internal ---

const nothing: ForwardCost = { forwards: 0, rowForwards: 0 };

/** One row of a question. */
interface Canvas {
  readonly ids: Int32Array;
  readonly attentionMask: Uint8Array;
  readonly editable?: Uint8Array;
  readonly time: number;
  /** Positions in the row, ascending, none twice. */
  readonly positions: Int32Array;
}

/** A row whose answer is at hand. */
interface KnownCanvas extends Canvas {
  readonly answer: SharedAnswer;
  /** Which of the answer's distributions stands at a position. */
  readonly entryOf: ReadonlyMap<number, number>;
}

/** Distributions that live as long as somebody holds them. */
interface SharedAnswer {
  readonly distributions: TokenDistributions;
  hold(): void;
  release(): void;
}

function sharedAnswer(distributions: TokenDistributions): SharedAnswer {
  let holders = 0;
  return {
    distributions,
    hold: () => {
      holders++;
    },
    release: () => {
      holders--;
      if (holders === 0) distributions.dispose();
    },
  };
}

/** The different rows of a question, each with all positions that rows like it ask for, and which of them each row is. */
function distinctCanvases(
  input: DenoiserInput,
  timeConditioned: boolean,
): { canvases: Canvas[]; canvasOf: number[] } {
  const { batch, seq, positions } = input;
  const rowOf = <Values extends Int32Array | Uint8Array>(values: Values, row: number) =>
    values.slice(row * seq, (row + 1) * seq) as Values; // a copy: it is kept
  const canvases: (Canvas & { readonly asked: Set<number> })[] = [];
  const canvasOf = Array.from({ length: batch }, (_, row) => {
    const canvas = {
      ids: rowOf(input.ids, row),
      attentionMask: rowOf(input.attentionMask, row),
      editable: input.editable && rowOf(input.editable, row),
      time: input.time[row],
      positions: new Int32Array(0),
      asked: new Set<number>(),
    };
    const index = canvases.findIndex((other) => alike(other, canvas, timeConditioned));
    return index < 0 ? canvases.push(canvas) - 1 : index;
  });
  for (const flat of positions) canvases[canvasOf[Math.floor(flat / seq)]].asked.add(flat % seq);
  return {
    canvases: canvases.map(({ asked, ...canvas }) => ({
      ...canvas,
      positions: Int32Array.from(asked).sort(),
    })),
    canvasOf,
  };
}

function alike(one: Canvas, other: Canvas, timeConditioned: boolean): boolean {
  return (
    sameNumbers(one.ids, other.ids) &&
    sameNumbers(one.attentionMask, other.attentionMask) &&
    sameNumbers(one.editable ?? [], other.editable ?? []) &&
    !(timeConditioned && one.time !== other.time)
  );
}

function sameNumbers(one: ArrayLike<number>, other: ArrayLike<number>): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}

function covers({ entryOf }: KnownCanvas, { positions }: Canvas): boolean {
  return positions.every((position) => entryOf.has(position));
}

function batchOf(canvases: readonly Canvas[], seq: number): DenoiserInput {
  const batch = canvases.length;
  const [ids, attentionMask, editable] = [
    new Int32Array(batch * seq),
    new Uint8Array(batch * seq),
    new Uint8Array(batch * seq),
  ];
  canvases.forEach((canvas, row) => {
    ids.set(canvas.ids, row * seq);
    attentionMask.set(canvas.attentionMask, row * seq);
    if (canvas.editable) editable.set(canvas.editable, row * seq);
  });
  return {
    batch,
    seq,
    ids,
    attentionMask,
    editable: canvases[0].editable && editable,
    time: Float64Array.from(canvases, ({ time }) => time),
    positions: Int32Array.from(
      canvases.flatMap(({ positions }, row) => Array.from(positions, (position) => row * seq + position)),
    ),
  };
}

/** The answer to a question all of whose canvases are known. */
async function answerFrom(
  { seq, positions }: DenoiserInput,
  knownOf: (row: number) => KnownCanvas,
): Promise<TokenDistributions> {
  const shares = new Map<SharedAnswer, { entries: number[]; places: number[] }>();
  positions.forEach((flat, place) => {
    const { answer, entryOf } = knownOf(Math.floor(flat / seq));
    const share = shares.get(answer) ?? { entries: [], places: [] };
    shares.set(answer, share);
    share.entries.push(entryOf.get(flat % seq) as number);
    share.places.push(place);
  });
  const parts: { distributions: TokenDistributions; places: number[] }[] = [];
  for (const [answer, { entries, places }] of shares) {
    parts.push({ distributions: await entriesOf(answer, entries), places });
  }
  return joinDistributions(parts);
}

/** Some of the distributions of an answer; what is returned is disposed of as its own. */
async function entriesOf(answer: SharedAnswer, entries: readonly number[]): Promise<TokenDistributions> {
  const { distributions } = answer;
  const all = entries.length === distributions.count && entries.every((entry, index) => entry === index);
  if (!all) return combineDistributions(distributions, [{ weight: 1, entries: Int32Array.from(entries) }]);
  answer.hold();
  let held = true;
  return {
    ...distributions,
    dispose: () => {
      if (held) answer.release();
      held = false;
    },
  };
}
