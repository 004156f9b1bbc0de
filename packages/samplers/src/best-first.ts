/**
 * The indices of `scores` by falling score, equals by rising index: one order on every machine, whatever the sort.
 * Draws stand in the order of their positions, so among equals the leftmost position is first. Scores must not be NaN;
 * the reverse loop stops before a rule sees one.
 */
export function bestFirst(scores: ArrayLike<number>): number[] {
  return Array.from(scores, (_, index) => index).sort((a, b) => scores[b] - scores[a] || a - b);
}
