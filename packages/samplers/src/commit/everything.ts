import type { CommitRule } from "../compose-sampler.js";

/**
 * Every editable position takes a new token in every step, revealed or not: the whole text is written anew. In one
 * step this is one-shot decoding; over several it wants a revise rule, or only the last step counts.
 *
 * The commit half of the first article's loop (`remasking`). A position that already shows a token is predicted while
 * the model sees it, which training never scored: a fine-tuned masked language model mostly copies it.
 */
export const everything: CommitRule = {
  name: "everything",
  revises: true,
  request: (row) => row.editablePositions,
  commit: (_, draws) => [...draws.positions.keys()],
};
