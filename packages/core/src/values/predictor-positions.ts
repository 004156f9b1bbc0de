/**
 * Where the prediction of each position stands in a model whose position p answers for p + 1: at p - 1. Where nothing
 * stands before a position, at the start of a row or after padding, it is predicted at its own, as in Dream's code.
 *
 * @param positions - flat indices `row * seq + position`
 * @param attentionMask - shape [batch, seq]
 */
export function predictorPositions(
  positions: Int32Array,
  { seq, attentionMask }: { readonly seq: number; readonly attentionMask: Uint8Array },
): Int32Array {
  return positions.map((flat) => (flat % seq > 0 && attentionMask[flat - 1] === 1 ? flat - 1 : flat));
}
