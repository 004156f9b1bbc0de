/**
 * Pearson's statistic of counts against probabilities, and the chance of one at least as large when the counts do come
 * from them: `Q(df / 2, x / 2)`. A test that asks for a p-value above 1e-6 raises a false alarm once in a million seeds.
 *
 * Probabilities of 0 must have counts of 0 and take no degree of freedom. The approximation wants about five expected
 * counts in each cell; that is on the caller.
 *
 * @param counts - how often each outcome was seen
 * @param probabilities - how often it should be; they sum to 1
 * @throws Error for lists of unequal length, probabilities that do not sum to 1 or an outcome that cannot happen
 */
export function chiSquare(
  counts: ArrayLike<number>,
  probabilities: ArrayLike<number>,
): { readonly statistic: number; readonly degreesOfFreedom: number; readonly pValue: number } {
  if (counts.length !== probabilities.length) {
    throw new Error(
      `expected as many counts as probabilities, got ${counts.length} and ${probabilities.length}`,
    );
  }
  const total = sum(counts);
  const mass = sum(probabilities);
  if (!(Math.abs(mass - 1) < 1e-9)) throw new Error(`expected probabilities that sum to 1, got ${mass}`);
  let statistic = 0;
  let cells = 0;
  for (let index = 0; index < counts.length; index++) {
    const expected = total * probabilities[index];
    if (expected === 0) {
      if (counts[index] > 0) {
        throw new Error(
          `expected outcome ${index} never, since its probability is 0, got it ${counts[index]} times`,
        );
      }
      continue;
    }
    statistic += (counts[index] - expected) ** 2 / expected;
    cells++;
  }
  const degreesOfFreedom = cells - 1;
  const pValue = degreesOfFreedom === 0 ? 1 : upperGamma(degreesOfFreedom / 2, statistic / 2);
  return { statistic, degreesOfFreedom, pValue };
}

/**
 * The regularised upper incomplete gamma function `Q(a, x)`, for a > 0 and x >= 0, to about 1e-13: the series of `P`
 * below a + 1 and Legendre's continued fraction above it (Abramowitz and Stegun 6.5.29 and 6.5.31).
 */
export function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let series = term;
    for (let n = 1; term > series * 1e-17; n++) {
      term *= x / (a + n);
      series += term;
    }
    return 1 - scale * series;
  }
  // Lentz: fraction = 1 / (b0 - a1 / (b1 - ...)) with b_n = x + 2n + 1 - a, a_n = n (n - a)
  let b = x + 1 - a;
  let c = Number.MAX_VALUE;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < 10_000; n++) {
    b += 2;
    const an = -n * (n - a);
    d = 1 / (an * d + b);
    c = b + an / c;
    const change = c * d;
    fraction *= change;
    if (Math.abs(change - 1) < 1e-16) break;
  }
  return scale * fraction;
}

/** Natural logarithm of the gamma function, for x > 0: Stirling's series after shifting x above 10. */
export function logGamma(x: number): number {
  let shift = 0;
  let y = x;
  for (; y < 10; y++) shift += Math.log(y);
  const inverse = 1 / y;
  const square = inverse * inverse;
  // Bernoulli numbers over 2k (2k - 1): 1/12, -1/360, 1/1260, -1/1680, 1/1188, -691/360360
  const series =
    inverse *
    (1 / 12 +
      square *
        (-1 / 360 +
          square * (1 / 1260 + square * (-1 / 1680 + square * (1 / 1188 - (square * 691) / 360360)))));
  return (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI) + series - shift;
}

// --- internal ---

function sum(numbers: ArrayLike<number>): number {
  let total = 0;
  for (let index = 0; index < numbers.length; index++) total += numbers[index];
  return total;
}
