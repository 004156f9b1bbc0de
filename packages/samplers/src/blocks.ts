import {
  type RowDraws,
  type Sampler,
  type SamplerDecision,
  type SamplerRow,
  type SamplerSteps,
  stepsOf,
  timesOf,
} from "@textdiffusion/core";

export interface BlockParts {
  /** Writes each block; what it revises, it revises within the block. */
  readonly sampler: Sampler;
  /** Positions of a block, at least 1. */
  readonly size: number;
  /** Stop a row whose text ends in the blocks that are done. */
  readonly stop: boolean;
}

/**
 * A sampler that writes a row block after block from left to right: only the current block is editable, later ones show
 * `[MASK]`, earlier ones stay. Each block runs all the steps of the sampler within, its time from 1 to 0, or as many as
 * it takes until nothing in it is masked.
 *
 * Blocks count editable positions, so that each but the last has `size` tokens to write wherever the gaps are. For a
 * prompt that is continued these are LLaDA's and dLLM's blocks, which begin where the prompt ends; in infilling dLLM
 * counts all places of the row, and blocks without a mask are skipped.
 *
 * A row stops after a block when an end token stands in the blocks that are done and no mask before it: nothing that
 * could still change would come before the end.
 */
export function inBlocks({ sampler, size, stop }: BlockParts): Sampler {
  const { name, tokenRule, revises } = sampler;
  return {
    name: `blocks of ${name}`,
    tokenRule,
    revises,
    steps: (editable) => stepsOfBlocks(sampler, size, editable),
    request: (row) => {
      const { view } = blockOf(row, sampler, size);
      return isWritten(view, revises) ? nothing : sampler.request(view);
    },
    decide: (row, draws) => {
      const block = blockOf(row, sampler, size);
      const decision = isWritten(block.view, revises) ? noDecision : sampler.decide(block.view, draws);
      if (!stop || row.ends.size === 0) return decision;
      return { ...decision, end: endOf(row, block, draws, decision, revises) };
    },
  };
}

// --- internal ---

interface Block {
  /** The row with nothing but the block editable. */
  readonly view: SamplerRow;
  /** Index into the row's editable positions one after the block's last. */
  readonly until: number;
}

/** Steps of all blocks together. */
function stepsOfBlocks(sampler: Sampler, size: number, editable: number): SamplerSteps {
  const whole = Math.floor(editable / size);
  const ofBlock = stepsOf(sampler, Math.min(size, editable));
  const ofLast = editable % size === 0 ? 0 : stepsOf(sampler, editable % size);
  return ofBlock === "until-done" || ofLast === "until-done" ? "until-done" : whole * ofBlock + ofLast;
}

/**
 * The block that the row's step belongs to: told by the step, or by the first mask. Nothing is remembered. Masks that an
 * earlier block has left, because the run is a fork or a constraint refused a token, are written with the current one.
 */
function blockOf(row: SamplerRow, sampler: Sampler, size: number): Block {
  const { editablePositions, schedule } = row;
  const count = editablePositions.length;
  const steps = stepsOf(sampler, Math.min(size, count));
  const index =
    steps === "until-done"
      ? Math.floor(editablePositions.indexOf(row.masked[0]) / size)
      : Math.min(Math.floor(row.step / steps), Math.ceil(count / size) - 1);
  const own = editablePositions.subarray(index * size, (index + 1) * size);
  const late = row.masked.filter((position) => position < own[0]);
  const positions = late.length === 0 ? own : Int32Array.of(...late, ...own);
  const inBlock = new Uint8Array(row.ids.length);
  for (const position of positions) inBlock[position] = 1;
  const masked = row.masked.filter((position) => inBlock[position] === 1);
  const ofBlock = stepsOf(sampler, own.length);
  const step = steps === "until-done" ? row.step : row.step - index * steps;
  return {
    until: index * size + own.length,
    view: {
      ...row,
      editable: inBlock,
      editablePositions: positions,
      masked,
      step,
      steps: ofBlock === "until-done" ? undefined : ofBlock,
      ...timesOf(ofBlock, step, schedule, masked.length / positions.length),
      ends: noEnds, // a block within a block ends no row
    },
  };
}

/** True when the block has no mask left and its sampler changes nothing else: what is left of its steps is idle. */
function isWritten({ masked }: SamplerRow, revises: boolean): boolean {
  return !revises && masked.length === 0;
}

const nothing = new Int32Array(0);
const noDecision: SamplerDecision = { commit: [], remask: [] };
const noEnds: ReadonlyMap<number, number> = new Map();

/** Where the row's text ends, once the block is done; undefined where the row goes on. */
function endOf(
  row: SamplerRow,
  { view, until }: Block,
  draws: RowDraws,
  { commit, remask }: SamplerDecision,
  revises: boolean,
): number | undefined {
  const written = new Map(commit.map((index) => [draws.positions[index], draws.tokens[index]]));
  const open = new Set(row.masked);
  for (const position of written.keys()) open.delete(position);
  for (const position of remask) open.add(position);
  const isLastStep = view.steps !== undefined && view.step + 1 === view.steps;
  const mayChange = view.steps !== undefined && revises;
  const isDone = isLastStep || (!mayChange && !view.masked.some((position) => open.has(position)));
  if (!isDone) return undefined;
  for (const position of row.editablePositions.subarray(0, until)) {
    if (open.has(position)) return undefined;
    const first = row.ends.get(written.get(position) ?? row.ids[position]);
    if (first !== undefined && position >= first) return position;
  }
  return undefined;
}
