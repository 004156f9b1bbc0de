/** A pair of tokens that may be merged, and where. */
export interface MergeCandidate {
  readonly left: number;
  readonly right: number;
  /** How often it occurred when this was queued; it may have become rarer since. */
  count: number;
  /** Indices of words in which it occurs. */
  readonly words: ReadonlySet<number>;
}

/** A binary heap: the most frequent pair first, of equal ones that of the smaller ids. */
export class MergeQueue {
  readonly #heap: MergeCandidate[] = [];

  get size(): number {
    return this.#heap.length;
  }

  push(candidate: MergeCandidate): void {
    const heap = this.#heap;
    let place = heap.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(candidate, heap[parent])) break;
      heap[place] = heap[parent];
      place = parent;
    }
    heap[place] = candidate;
  }

  pop(): MergeCandidate | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
      if (!isBefore(heap[child], last)) break;
      heap[place] = heap[child];
      place = child;
    }
    heap[place] = last;
    return first;
  }
}

// --- internal ---

function isBefore(a: MergeCandidate, b: MergeCandidate): boolean {
  if (a.count !== b.count) return a.count > b.count;
  return a.left !== b.left ? a.left < b.left : a.right < b.right;
}
