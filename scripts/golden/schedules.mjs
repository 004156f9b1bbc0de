// Golden values of the noise schedules, from their formulas in fixed-point arithmetic of 256 bits: an independent road
// to the same numbers, right to the last digit of a double. Writes to stdout:
//   node scripts/golden/schedules.mjs > scripts/golden/schedules.json
const bits = 256n;
const one = 1n << bits;
const multiply = (a, b) => (a * b) >> bits;
const divide = (a, b) => (a << bits) / b;
/** Exact for doubles whose last bit is 2^-100 or above. */
const fixed = (number) => BigInt(number * 2 ** 100) << (bits - 100n);
/** The nearest double. */
const double = (value) => Number(value) / 2 ** Number(bits);

/** sin x and cos x by their Taylor series. */
function sineAndCosine(x) {
  const sums = [0n, 0n]; // even powers (cosine), odd powers (sine)
  for (let term = one, power = 0; term !== 0n; power++, term = multiply(term, x) / BigInt(power)) {
    sums[power % 2] += power % 4 < 2 ? term : -term;
  }
  return { sine: sums[1], cosine: sums[0] };
}

/** arctan(1 / n) by its Taylor series. */
function arctanOfInverse(n) {
  let sum = 0n;
  for (let power = one / n, odd = 1n, sign = 1n; power !== 0n; power /= n * n, odd += 2n, sign = -sign) {
    sum += (sign * power) / odd;
  }
  return sum;
}

const pi = 16n * arctanOfInverse(5n) - 4n * arctanOfInverse(239n); // Machin 1706

/** Each: alpha and -d alpha / d t at time t, all fixed-point. */
const schedules = {
  linear: (t) => ({ alpha: one - t, fall: one }),
  cosine: (t) => {
    const { sine, cosine } = sineAndCosine(multiply(pi / 2n, one - t));
    return { alpha: one - cosine, fall: multiply(pi / 2n, sine) };
  },
};

const times = [1e-9, 0.001, 0.25, 0.5, 0.75, 1 - 2 ** -30, 1];
const golden = Object.fromEntries(
  Object.entries(schedules).map(([name, at]) => [
    name,
    times.map((time) => {
      const { alpha, fall } = at(fixed(time));
      return {
        t: time,
        alpha: double(alpha),
        alphaDerivative: -double(fall),
        maskRate: double(one - alpha),
        lossWeight: double(divide(fall, one - alpha)),
      };
    }),
  ]),
);
process.stdout.write(`${JSON.stringify(golden, null, 2)}\n`);
