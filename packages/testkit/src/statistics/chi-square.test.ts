import { describe, expect, it } from "vitest";
import { chiSquare, logGamma, upperGamma } from "./chi-square.js";

describe("logGamma", () => {
  it("is ln (n - 1)! at the integers", () => {
    let factorial = 1;
    for (let n = 1; n <= 30; n++) {
      expect(Math.abs(logGamma(n) - Math.log(factorial))).toBeLessThan(1e-12);
      factorial *= n;
    }
  });

  it("is ln sqrt(pi) at one half", () => {
    expect(Math.abs(logGamma(0.5) - 0.5 * Math.log(Math.PI))).toBeLessThan(1e-13);
  });
});

describe("upperGamma", () => {
  it("is exp(-x) times the first n terms of exp(x) for whole a = n", () => {
    for (const n of [1, 2, 5, 20]) {
      for (const x of [0, 0.1, 1, 4.9, 6.1, 20, 60]) {
        let term = 1;
        let sum = 0;
        for (let k = 0; k < n; k++) {
          sum += term;
          term *= x / (k + 1);
        }
        const expected = Math.exp(-x) * sum;
        expect(Math.abs(upperGamma(n, x) - expected)).toBeLessThan(1e-13);
        if (x > n + 1) expect(upperGamma(n, x) / expected).toBeCloseTo(1, 10); // the tail in relative terms
      }
    }
  });

  it("falls by x^a exp(-x) / Gamma(a + 1) from a + 1 to a, for halves too", () => {
    for (const a of [0.5, 1.5, 7.5]) {
      for (const x of [0.2, 2, 9, 30]) {
        const step = Math.exp(a * Math.log(x) - x - logGamma(a + 1));
        expect(upperGamma(a + 1, x) - upperGamma(a, x)).toBeCloseTo(step, 12);
      }
    }
  });
});

describe("chiSquare", () => {
  it("has the five percent points of the printed tables", () => {
    // 3.841459 (1 degree of freedom), 18.307038 (10), 124.342113 (100)
    expect(upperGamma(1 / 2, 3.841459 / 2)).toBeCloseTo(0.05, 6);
    expect(upperGamma(10 / 2, 18.307038 / 2)).toBeCloseTo(0.05, 6);
    expect(upperGamma(100 / 2, 124.342113 / 2)).toBeCloseTo(0.05, 6);
  });

  it("adds squares over expectations", () => {
    // (8 - 5)^2 / 5 + (2 - 5)^2 / 5 = 3.6
    expect(chiSquare([8, 2], [0.5, 0.5])).toMatchObject({ statistic: 3.6, degreesOfFreedom: 1 });
  });

  it("gives impossible outcomes no degree of freedom, and does not forgive them", () => {
    expect(chiSquare([8, 0, 2], [0.5, 0, 0.5]).degreesOfFreedom).toBe(1);
    expect(() => chiSquare([8, 1, 2], [0.5, 0, 0.5])).toThrow("expected outcome 1 never");
  });

  it("refuses what is no distribution", () => {
    expect(() => chiSquare([1, 2], [0.5, 0.6])).toThrow("sum to 1");
    expect(() => chiSquare([1], [0.5, 0.5])).toThrow("as many counts");
  });
});
