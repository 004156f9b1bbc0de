import { denoiserLaws, fakeDenoiser } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import { paddedDenoiser } from "./padded-denoiser.js";

const options = { vocabularySize: 7, maskTokenId: 6 };

describe("paddedDenoiser", () => {
  for (const law of denoiserLaws(() => paddedDenoiser(fakeDenoiser(options)), options)) {
    it.skipIf(law.skip !== undefined)(law.name, () => law.run());
  }

  it("asks for one of eight numbers of positions, whatever it is asked for", async () => {
    const inner = fakeDenoiser(options);
    const asked = new Set<number>();
    const padded = paddedDenoiser({
      ...inner,
      denoise: (input) => {
        asked.add(input.positions.length);
        return inner.denoise(input);
      },
    });
    const seq = 40;
    const ids = new Int32Array(seq).fill(6);
    const canvas = {
      batch: 1,
      seq,
      ids,
      attentionMask: new Uint8Array(seq).fill(1),
      time: Float64Array.of(1),
    };
    for (let count = 1; count <= seq; count++) {
      const distributions = await padded.denoise({
        ...canvas,
        positions: Int32Array.from({ length: count }, (_, at) => at),
      });
      expect(distributions.count).toBe(count);
      expect(
        (await distributions.draw({ temperature: 0 }, new Float64Array(count).fill(0.5))).tokens.length,
      ).toBe(count);
      expect((await distributions.logProbs()).length).toBe(count * 7);
    }
    expect([...asked]).toEqual([5, 10, 15, 20, 25, 30, 35, 40]);
  });

  it("refuses another number of uniforms than of positions", async () => {
    const input = {
      batch: 1,
      seq: 2,
      ids: Int32Array.of(6, 6),
      attentionMask: Uint8Array.of(1, 1),
      time: Float64Array.of(1),
    };
    const distributions = await paddedDenoiser(fakeDenoiser(options)).denoise({
      ...input,
      positions: Int32Array.of(0),
    });
    await expect(distributions.draw({ temperature: 1 }, new Float64Array(2))).rejects.toMatchObject({
      code: "SHAPE_MISMATCH",
    });
  });
});
