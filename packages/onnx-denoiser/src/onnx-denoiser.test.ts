import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Denoiser, type DenoiserInput, hostDistributions } from "@textdiffusion/core";
import { denoiserLaws } from "@textdiffusion/testkit";
import * as ort from "onnxruntime-web";
import { describe, expect, it } from "vitest";
import { nodeSession, onnxDenoiser, onnxModel, webSession } from "./index.js";

// Files that torch.onnx.export and onnxruntime's quantizer wrote (scripts/golden/optimum_onnx.py), and the logits of
// transformers for the same models, in float64.
const golden = fileURLToPath(new URL("../../../scripts/golden/", import.meta.url));
const fileOf = (name: string, file = "model.onnx") => `${golden}optimum-onnx/${name}/onnx/${file}`;
const [vocabularySize, maskTokenId, forbidden] = [101, 4, [98, 99, 100]];
const maxLength = 18;

const open = {
  "onnxruntime-node": (file: string) => nodeSession(file),
  "onnxruntime-web": (file: string) => webSession(ort, { source: file, model: readFileSync(file) }),
};

const denoiserOf = async (session: Promise<Awaited<ReturnType<typeof nodeSession>>>): Promise<Denoiser> =>
  onnxDenoiser(await onnxModel(await session), { maxLength, maskTokenId, forbidden });

interface Expected {
  readonly batch: number;
  readonly seq: number;
  readonly ids: readonly number[];
  readonly attentionMask: readonly number[];
  readonly positions: readonly number[];
  readonly logits: readonly number[];
}

function exampleOf(name: string): Expected & { readonly input: DenoiserInput } {
  const expected: Expected = JSON.parse(
    readFileSync(`${golden}transformers-models/${name}/expected.json`, "utf8"),
  );
  expect(expected.attentionMask).toContain(0); // rows of unequal length
  const input = {
    batch: expected.batch,
    seq: expected.seq,
    ids: Int32Array.from(expected.ids),
    attentionMask: Uint8Array.from(expected.attentionMask),
    positions: Int32Array.from(expected.positions),
    time: new Float64Array(expected.batch).fill(0.5),
  };
  return { ...expected, input };
}

const largestDifference = (left: ArrayLike<number>, right: ArrayLike<number>) =>
  Array.from(left).reduce((max, value, index) => Math.max(max, Math.abs(value - right[index])), 0);

describe.each(["bert", "roberta"])("optimum's %s", (name) => {
  describe.each(Object.entries(open))("on %s", (runtime, openFile) => {
    const laws = denoiserLaws(() => denoiserOf(openFile(fileOf(name))), { maskTokenId, forbidden });
    for (const law of laws) it(law.name, () => law.run());

    it("gives the logits of transformers at the positions that are asked, padded rows too", async () => {
      const { input, logits } = exampleOf(name);
      const model = await onnxModel(await openFile(fileOf(name)));
      expect(model).toMatchObject({ vocabularySize, runtime });
      expect(largestDifference(await model.logits(input), logits)).toBeLessThan(1e-5);
      model.dispose();
    });
  });

  it("is the softmax of its logits over what may be drawn, in doubles", async () => {
    const { input, logits } = exampleOf(name);
    const denoiser = await denoiserOf(nodeSession(fileOf(name)));
    const table = await (await denoiser.denoise(input)).logProbs();
    const expected = Array.from(input.positions, (_, index) => {
      const row = Float64Array.from(logits.slice(index * vocabularySize, (index + 1) * vocabularySize));
      for (const id of [maskTokenId, ...forbidden]) row[id] = Number.NEGATIVE_INFINITY;
      const mass = row.reduce((sum, logit) => sum + Math.exp(logit), 0);
      return row.map((logit) => logit - Math.log(mass));
    });
    const reference = await hostDistributions(expected).logProbs();
    table.forEach((value, index) => {
      if (value !== reference[index]) expect(Math.abs(value - reference[index])).toBeLessThan(1e-5);
    });
    denoiser.dispose();
  });

  it("runs quantized files of transformers.js's layout", async () => {
    const { input, logits } = exampleOf(name);
    const model = await onnxModel(await nodeSession(fileOf(name, "model_quantized.onnx")));
    const difference = largestDifference(await model.logits(input), logits);
    expect(difference).toBeGreaterThan(1e-3); // it is another file
    expect(difference).toBeLessThan(0.2); // of logits up to 4.5
    model.dispose();
  });

  it("answers the same in several runs, and runs only the rows that are asked about", async () => {
    const { input, logits } = exampleOf(name);
    const session = await nodeSession(fileOf(name));
    const batches: number[] = [];
    const counted = {
      ...session,
      run: (feeds: Parameters<typeof session.run>[0], output: string) => {
        batches.push(feeds.input_ids.shape[0]);
        return session.run(feeds, output);
      },
    };
    const rowBytes = input.seq * vocabularySize * 4;
    const model = await onnxModel(counted, { mostLogitBytes: 2 * rowBytes });
    expect(largestDifference(await model.logits(input), logits)).toBeLessThan(1e-5);
    expect(batches).toEqual([2, 1]);
    batches.length = 0;
    const ofSecondRow = input.positions.filter((flat) => Math.floor(flat / input.seq) === 1);
    await model.logits({ ...input, positions: ofSecondRow });
    expect(batches).toEqual([1]);
    model.dispose();
  });
});

it("keeps nothing of the answers that it gave", async () => {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const { input } = exampleOf("bert");
  const model = await onnxModel(await nodeSession(fileOf("bert")));
  const answers: WeakRef<Float32Array>[] = [];
  for (let round = 0; round < 4; round++) answers.push(new WeakRef(await model.logits(input)));
  await setTimeout(20); // what an await still holds is free by then
  collect();
  expect(answers.slice(0, 3).map((answer) => answer.deref())).toEqual([undefined, undefined, undefined]);
  model.dispose();
});

describe("a denoiser", () => {
  it("is disposed of twice without harm, also while it computes, and then answers no more", async () => {
    const { input } = exampleOf("bert");
    const denoiser = await denoiserOf(nodeSession(fileOf("bert")));
    const answer = denoiser.denoise(input);
    denoiser.dispose();
    denoiser.dispose();
    expect((await answer).count).toBe(input.positions.length);
    await expect(denoiser.denoise(input)).rejects.toMatchObject({ code: "DISPOSED" });
  });

  it("refuses bad input before it reaches the runtime", async () => {
    const { input } = exampleOf("bert");
    const denoiser = await denoiserOf(nodeSession(fileOf("bert")));
    const refused = (change: Partial<DenoiserInput>) =>
      expect(denoiser.denoise({ ...input, ...change })).rejects;
    await refused({ seq: 27, batch: 1 }).toThrow(/at most 18 tokens, got 27.*SHAPE_MISMATCH/);
    await refused({ ids: new Int32Array(3) }).toMatchObject({ code: "SHAPE_MISMATCH" });
    await refused({ positions: Int32Array.of(27) }).toThrow(/0 to 26, at least one, got 27/);
    await refused({ positions: new Int32Array(0) }).toThrow(/got none/);
    await refused({ ids: input.ids.map(() => 101) }).toThrow(/0 to 100, got 101.*TOKEN_OUT_OF_RANGE/);
    denoiser.dispose();
    const model = await onnxModel(await nodeSession(fileOf("bert")));
    expect(() => onnxDenoiser(model, { maxLength, maskTokenId: 101 })).toThrow(/0 to 100.*got 101/);
    model.dispose();
  });
});
