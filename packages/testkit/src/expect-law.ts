/** Throws the sentence unless the law's condition holds. The sentence is only written when it is needed. */
export function holds(condition: boolean, sentence: () => string): asserts condition {
  if (!condition) throw new Error(sentence());
}

/** `actual` within `tolerance` of `expected`; NaN is never close. */
export function close(actual: number, expected: number, tolerance: number, what: string): void {
  holds(
    Math.abs(actual - expected) <= tolerance,
    () => `expected ${what} to be ${expected} within ${tolerance}, got ${actual}`,
  );
}

/** Two arrays with the same numbers in the same places. */
export function same(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  holds(
    actual.length === expected.length,
    () => `expected ${what} to have ${expected.length} entries, got ${actual.length}`,
  );
  for (let index = 0; index < expected.length; index++) {
    holds(
      Object.is(actual[index], expected[index]),
      () => `expected ${what}[${index}] to be ${expected[index]}, got ${actual[index]}`,
    );
  }
}

/** A DiffusionError of the given code, and nothing else. */
export async function failsWith(code: string, action: () => unknown, what: string): Promise<void> {
  let outcome: unknown;
  try {
    outcome = await action();
  } catch (error) {
    const found = (error as { code?: unknown }).code;
    holds(found === code, () => `expected ${what} to fail with ${code}, got ${String(found ?? error)}`);
    return;
  }
  throw new Error(`expected ${what} to fail with ${code}, got ${String(outcome)}`);
}
