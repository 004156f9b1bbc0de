import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "@textdiffusion/backend-node";
import { type Backend, type Denoiser, type DenoiserInput, Random } from "@textdiffusion/core";
import { denoiserLaws } from "@textdiffusion/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createModel } from "../create-model.js";
import type { RecallingModel } from "../encoder/encoder-memory.js";
import { cachingDenoiser } from "./caching-denoiser.js";
import { maskedLanguageModelDenoiser } from "./masked-language-model-denoiser.js";

const [vocabularySize, maskTokenId, pad] = [30, 4, 1];
const model = (architecture: "bert" | "roberta", layers: number) =>
  createModel(
    {
      ...{ architecture, layers, hidden: 16, heads: 2, vocabularySize, maxLength: 24 },
      initialization: "neighbour-heads",
    },
    Random.fromSeed(2),
  );

/** Two rows of 16, the second padded, of which positions 4 to 8 are a block that is being written. */
function question(
  block: readonly number[],
  change: (ids: Int32Array) => void = () => undefined,
): DenoiserInput {
  const [batch, seq] = [2, 16];
  const random = Random.fromSeed(3);
  const ids = Int32Array.from({ length: batch * seq }, (_, flat) => 5 + random.integer(20, flat));
  for (let row = 0; row < batch; row++) for (let at = 4; at < 14; at++) ids[row * seq + at] = maskTokenId;
  const attentionMask = new Uint8Array(batch * seq).fill(1);
  ids.fill(pad, 2 * seq - 3);
  attentionMask.fill(0, 2 * seq - 3);
  change(ids);
  return {
    batch,
    seq,
    ids,
    attentionMask,
    editable: Uint8Array.from(ids, (_, flat) => (flat % seq >= 4 && flat % seq < 13 ? 1 : 0)),
    time: new Float64Array(batch).fill(1),
    positions: Int32Array.from([...block, ...block.map((at) => seq + at)]),
  };
}

const block = [4, 5, 6, 7];
/** A token of the block is written. */
const written = (ids: Int32Array) => {
  ids[5] = 9;
  ids[16 + 6] = 11;
};

async function tableOf(denoiser: Denoiser, input: DenoiserInput): Promise<Float32Array> {
  const answer = await denoiser.denoise(input);
  return answer.logProbs().finally(() => answer.dispose());
}

function largestDifference(one: Float32Array, other: Float32Array): number {
  expect(one.length).toBe(other.length);
  return one.reduce((largest, value, index) => {
    return value === other[index] ? largest : Math.max(largest, Math.abs(value - other[index]));
  }, 0);
}

/** Counts whole and partial passes, and the positions that partial ones compute. */
function counting(inner: RecallingModel) {
  const passes: ("whole" | number)[] = [];
  const counted: RecallingModel = {
    ...inner,
    remember: (input) => {
      passes.push("whole");
      return inner.remember(input);
    },
    recall: (memory, input) => {
      passes.push(input.computed.length / input.batch);
      return inner.recall(memory, input);
    },
  };
  return { counted, passes };
}

describe.each(["onnx", "wasm", "cpu"])("on %s", (name) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await startBackend(name);
  });
  afterAll(() => backend.dispose());
  let before = 0;
  beforeEach(() => {
    before = tf.memory().numTensors;
  });
  afterEach(() => {
    expect(tf.memory().numTensors).toBe(before);
  });

  describe.each(["prefix", "dual"] as const)("a %s cache", (cache) => {
    const make = async () => cachingDenoiser(await model("roberta", 2), { maskTokenId, cache });
    const laws = denoiserLaws(make, { maskTokenId, tensors: () => tf.memory().numTensors });
    for (const law of laws) it(law.name, () => law.run());

    it.each(["bert", "roberta"] as const)("of %s is exact while nothing changes", async (architecture) => {
      const network = await model(architecture, 3);
      const { counted, passes } = counting(network);
      const cached = cachingDenoiser(counted, { maskTokenId, cache });
      const exact = await tableOf(maskedLanguageModelDenoiser(network, { maskTokenId }), question(block));
      for (let call = 0; call < 2; call++) {
        expect(largestDifference(await tableOf(cached, question(block)), exact)).toBeLessThan(1e-4);
      }
      // 4 positions of 16, or 12 from the fourth on: both are multiples of an eighth already.
      expect(passes).toEqual(["whole", cache === "dual" ? 4 : 12]);
      cached.dispose();
    });

    it("is exact in a model of one layer, whose keys and values depend on each token alone", async () => {
      const network = await model("roberta", 1);
      const { counted, passes } = counting(network);
      const cached = cachingDenoiser(counted, { maskTokenId, cache });
      await tableOf(cached, question(block));
      const exact = await tableOf(
        maskedLanguageModelDenoiser(network, { maskTokenId }),
        question([4, 7], written),
      );
      expect(largestDifference(await tableOf(cached, question([4, 7], written)), exact)).toBeLessThan(1e-4);
      expect(passes.length).toBe(2);
      expect(passes[1]).not.toBe("whole");
      cached.dispose();
    });

    it("is not exact in deeper ones, unless it refreshes in every call", async () => {
      const network = await model("roberta", 3);
      const input = question([4, 7], written);
      const exact = await tableOf(maskedLanguageModelDenoiser(network, { maskTokenId }), input);
      const differenceWith = async (refreshEvery?: number) => {
        const cached = cachingDenoiser(network, { maskTokenId, cache, refreshEvery });
        await tableOf(cached, question(block));
        const table = await tableOf(cached, input);
        return [largestDifference(table, exact), cached] as const;
      };
      const [stale, kept] = await differenceWith();
      expect(stale).toBeGreaterThan(1e-3);
      const [fresh, refreshed] = await differenceWith(1);
      expect(fresh).toBeLessThan(1e-4);
      kept.dispose();
      refreshed.dispose();
    });

    it.each([
      ["a position outside the block", question([8], written)],
      ["a token before the block", question(block, (ids) => ids.fill(8, 1, 2))],
      [
        "a token after the block",
        cache === "dual" ? question(block, (ids) => ids.fill(8, 10, 11)) : undefined,
      ],
    ])("passes whole rows again for %s", async (_, input) => {
      if (!input) return; // a prefix cache computes what follows the block anew
      const network = await model("roberta", 2);
      const { counted, passes } = counting(network);
      const cached = cachingDenoiser(counted, { maskTokenId, cache });
      await tableOf(cached, question(block));
      const exact = await tableOf(maskedLanguageModelDenoiser(network, { maskTokenId }), input);
      expect(largestDifference(await tableOf(cached, input), exact)).toBeLessThan(1e-4);
      expect(passes).toEqual(["whole", "whole"]);
      cached.dispose();
    });

    it("follows a row when others leave the batch", async () => {
      const network = await model("roberta", 2);
      const { counted, passes } = counting(network);
      const cached = cachingDenoiser(counted, { maskTokenId, cache });
      const both = question(block, written);
      await tableOf(cached, question(block));
      const together = await tableOf(cached, both);
      const second: DenoiserInput = {
        ...both,
        batch: 1,
        ids: both.ids.slice(16),
        attentionMask: both.attentionMask.slice(16),
        editable: both.editable?.slice(16),
        positions: Int32Array.from(block),
      };
      const alone = await tableOf(cached, second);
      expect(largestDifference(alone, together.slice(block.length * vocabularySize))).toBeLessThan(1e-4);
      expect(passes.slice(1)).not.toContain("whole");
      cached.dispose();
    });
  });

  it("blocks of a given length are found from a request of any of their positions", async () => {
    const { counted, passes } = counting(await model("roberta", 2));
    const cached = cachingDenoiser(counted, { maskTokenId, cache: "dual", blockLength: 4 });
    for (const positions of [[5], [4, 7], [6], [8], [11], [12]]) await tableOf(cached, question(positions));
    expect(passes).toEqual(["whole", 4, 4, "whole", 4, "whole"]);
    cached.dispose();
  });

  it("refreshes after so many calls", async () => {
    const { counted, passes } = counting(await model("roberta", 2));
    const cached = cachingDenoiser(counted, { maskTokenId, cache: "dual", refreshEvery: 3 });
    for (let call = 0; call < 7; call++) await tableOf(cached, question(block));
    expect(passes).toEqual(["whole", 4, 4, "whole", 4, 4, "whole"]);
    cached.dispose();
  });

  it("says that it is approximate, and refuses sizes below 1", async () => {
    const network = await model("roberta", 1);
    const cached = cachingDenoiser(network, { maskTokenId, cache: "dual" });
    expect(cached.name).toBe("roberta with an approximate dual cache");
    for (const sizes of [{ refreshEvery: 0 }, { blockLength: 1.5 }]) {
      expect(() => cachingDenoiser(network, { maskTokenId, cache: "dual", ...sizes })).toThrow(
        /CONFIG_INVALID/,
      );
    }
    cached.dispose();
  });
});
