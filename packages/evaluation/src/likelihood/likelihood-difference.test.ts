import { describe, expect, it } from "vitest";
import { likelihoodDifference } from "./likelihood-difference.js";
import type { TextLikelihood } from "./text-likelihood.js";

/** Rows of 4 tokens, all scored, of a text of 2 bytes a token. */
function likelihood(rowNats: readonly number[], bitsPerByteStandardError = 0): TextLikelihood {
  const tokens = 4 * rowNats.length;
  const natsPerToken = rowNats.reduce((sum, nats) => sum + nats, 0) / tokens;
  return {
    rows: rowNats.length,
    rowsOfText: rowNats.length,
    tokens,
    tokensOfText: tokens,
    unknown: 0,
    bytes: 2 * tokens,
    natsPerToken,
    standardError: Number.NaN,
    maskStandardError: 0,
    perplexity: Math.exp(natsPerToken),
    bitsPerByte: natsPerToken / 2 / Math.LN2,
    bitsPerByteStandardError,
    rowNats: Float64Array.from(rowNats),
    rowTokens: new Int32Array(rowNats.length).fill(4),
  };
}

describe("likelihoodDifference", () => {
  it("has the error of the rows' differences where rows are equal: what they share costs nothing", () => {
    const hard = [8, 40, 12, 28];
    const other = likelihood(hard);
    const better = likelihood(hard.map((nats, row) => nats - [3, 5, 4, 4][row]));
    const { natsPerToken, standardError, bitsPerByte, ...rest } = likelihoodDifference(better, other, {
      paired: true,
    });
    expect(natsPerToken).toBeCloseTo(-4 / 4, 12);
    // Differences -3, -5, -4, -4 of a row: standard deviation sqrt(2 / 3), of the mean of four half of that.
    expect(standardError).toBeCloseTo(Math.sqrt(2 / 3) / 2 / 4, 12);
    expect(bitsPerByte).toBeCloseTo(better.bitsPerByte - other.bitsPerByte, 12);
    expect(rest.bitsPerByteStandardError).toBeCloseTo(Math.sqrt(2 / 3) / 2 / 4 / 2 / Math.LN2, 12);
  });

  it("adds the errors of two that saw other tokens, and knows no nats of theirs", () => {
    const difference = likelihoodDifference(likelihood([8, 9], 0.3), likelihood([10, 12, 14], 0.4), {
      paired: false,
    });
    expect(difference.bitsPerByteStandardError).toBeCloseTo(0.5, 12);
    expect(difference.bitsPerByte).toBeCloseTo((17 / 8 - 36 / 12) / 2 / Math.LN2, 12);
    expect(difference).not.toHaveProperty("natsPerToken");
  });
});
