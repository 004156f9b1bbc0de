// Exact arithmetic for golden values: fractions of whole numbers of any size. Rounded once, at the end.

/** numerator / denominator in lowest terms; a decimal is the fraction that it spells: fraction("0.008"). */
export function fraction(numerator, denominator = 1n) {
  if (typeof numerator === "object") return numerator;
  if (typeof numerator === "string") {
    const [whole, decimals = ""] = numerator.split(".");
    return fraction(BigInt(whole + decimals), 10n ** BigInt(decimals.length));
  }
  let [top, bottom] = [BigInt(numerator), BigInt(denominator)];
  if (bottom < 0n) [top, bottom] = [-top, -bottom];
  const divisor = greatestCommonDivisor(top < 0n ? -top : top, bottom);
  return { top: top / divisor, bottom: bottom / divisor };
}

export const plus = (a, b) => fraction(a.top * b.bottom + b.top * a.bottom, a.bottom * b.bottom);
export const minus = (a, b) => fraction(a.top * b.bottom - b.top * a.bottom, a.bottom * b.bottom);
export const times = (a, b) => fraction(a.top * b.top, a.bottom * b.bottom);
export const over = (a, b) => fraction(a.top * b.bottom, a.bottom * b.top);
export const sum = (terms) => terms.reduce(plus, fraction(0));
export const compare = (a, b) =>
  Number(a.top * b.bottom - b.top * a.bottom > 0n) - Number(a.top * b.bottom - b.top * a.bottom < 0n);
export const smallest = (a, b) => (compare(a, b) <= 0 ? a : b);

/** The largest whole number not above a fraction of at least 0, as a bigint. */
export const floor = ({ top, bottom }) => top / bottom;

/** The nearest whole number, halves to the even one. */
export function roundHalfEven(value) {
  const below = floor(value);
  const twiceRest = 2n * (value.top - below * value.bottom);
  if (twiceRest === value.bottom) return below % 2n === 0n ? below : below + 1n;
  return twiceRest < value.bottom ? below : below + 1n;
}

/** The nearest double: 25 digits more than it holds, read by the language's own decimal reader. */
export function double(value) {
  const scaled = (value.top * 10n ** 40n) / value.bottom;
  return Number(`${scaled}e-40`);
}

/** sin(pi/2 x) for x in [0, 1], right to 50 digits; exact where it is 0, 1/2 or 1. */
export function sineOfQuarterTurns(x) {
  const unit = 10n ** 60n;
  const angle = (x.top * halfPi(unit)) / x.bottom;
  let [term, total, power] = [angle, 0n, 1n];
  while (term !== 0n) {
    total += term;
    term = (-term * angle * angle) / (unit * unit * (power + 1n) * (power + 2n));
    power += 2n;
  }
  const halves = (2n * total + unit / 2n) / unit;
  const distance = 2n * total - halves * unit;
  const isHalves = (distance < 0n ? -distance : distance) < 10n ** 8n;
  return isHalves ? fraction(halves, 2n) : fraction(total, unit);
}

// --- internal ---

/** pi / 2 in units, by Machin's formula. */
function halfPi(unit) {
  const scale = unit * 10n ** 6n;
  const arctan = (n) => {
    let [power, total, odd, sign] = [scale / n, 0n, 1n, 1n];
    for (; power !== 0n; power /= n * n, odd += 2n, sign = -sign) total += (sign * power) / odd;
    return total;
  };
  return (8n * arctan(5n) - 2n * arctan(239n)) / 10n ** 6n;
}

function greatestCommonDivisor(a, b) {
  return b === 0n ? a : greatestCommonDivisor(b, a % b);
}
