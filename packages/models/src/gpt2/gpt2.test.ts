import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "@textdiffusion/backend-node";
import {
  type Backend,
  type DenoiserInput,
  decodeSafetensors,
  encodeSafetensors,
  type NamedArray,
} from "@textdiffusion/core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { causalDenoiser } from "./causal-denoiser.js";
import { type CausalLanguageModel, forget } from "./gpt2-model.js";
import { loadGpt2 } from "./load-gpt2.js";

/** Written by scripts/golden/gpt2.py, an independent statement in float64. */
const golden = fileURLToPath(new URL("../../../../scripts/golden/gpt2", import.meta.url));
const expected: { ids: number[]; logits: number[] } = JSON.parse(
  readFileSync(join(golden, "expected.json"), "utf8"),
);
const ids = Int32Array.from(expected.ids);
const vocab = expected.logits.length / ids.length;
const scale = Math.max(...expected.logits.map(Math.abs));

function largestDifference(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  expect(found.length).toBe(wanted.length);
  return Array.from(found).reduce((most, value, place) => Math.max(most, Math.abs(value - wanted[place])), 0);
}
async function valuesOf(logits: tf.Tensor): Promise<Float32Array> {
  const values = Float32Array.from((await logits.data()) as Float32Array);
  logits.dispose();
  return values;
}
const after = (token: number) => expected.logits.slice(token * vocab, (token + 1) * vocab);

describe.each(["onnx", "wasm", "cpu"])("a GPT-2 on %s", (name) => {
  let backend: Backend;
  let model: CausalLanguageModel;
  beforeAll(async () => {
    backend = await startBackend(name);
    model = await loadGpt2(golden);
  });
  afterAll(async () => {
    model.dispose();
    await backend.dispose();
  });

  it("gives the logits of the independent statement, to 1e-5 of the largest", async () => {
    const logits = model.logits(ids);
    expect(logits.shape).toEqual([ids.length, vocab]);
    expect(largestDifference(await valuesOf(logits), expected.logits) / scale).toBeLessThan(1e-5);
  });

  it("looks at no later token", async () => {
    const changed = ids.slice();
    for (let token = 20; token < changed.length; token++) changed[token] = (changed[token] + 7) % vocab;
    const positions = Int32Array.from({ length: 20 }, (_, token) => token);
    const before = await valuesOf(model.logits(ids, positions));
    expect(await valuesOf(model.logits(changed, positions))).toEqual(before);
    const [seen, other] = [await valuesOf(model.logits(ids)), await valuesOf(model.logits(changed))];
    expect(largestDifference(seen, other)).toBeGreaterThan(0.1);
  });

  // 5 and 33 tokens are padded to 32 and 64: the cache grows at once, and within the run where nothing is reserved.
  it.each([
    [1, 0],
    [5, 80],
    [33, 0],
  ])("says the same with a cache, begun with %i tokens and %i reserved", async (begun, reserve) => {
    const baseline = tf.memory().numTensors;
    const text = Int32Array.from({ length: 80 }, (_, place) => ids[place % ids.length]);
    const whole = await valuesOf(model.logits(text));
    let { logits, memory } = model.begin(text.slice(0, begun));
    for (let token = begun; token < text.length; token++) {
      const wanted = whole.subarray((token - 1) * vocab, token * vocab);
      expect(largestDifference(await valuesOf(logits), wanted) / scale, `token ${token}`).toBeLessThan(1e-5);
      ({ logits, memory } = await model.extend(memory, text[token], reserve));
    }
    expect(largestDifference(await valuesOf(logits), whole.subarray(79 * vocab)) / scale).toBeLessThan(1e-5);
    expect([memory.length, memory.capacity]).toEqual([80, 80]);
    await expect(model.extend(memory, 0)).rejects.toThrow(/1 to 80 tokens, got 81/);
    forget(memory);
    expect(tf.memory().numTensors).toBe(baseline);
  });
});

describe("a GPT-2 as a denoiser", () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await startBackend("cpu");
  });
  afterAll(() => backend.dispose());

  const mask = vocab; // a token that the model has no row for
  const asking = (rows: readonly Int32Array[], asked: readonly number[]): DenoiserInput => {
    const seq = rows[0].length;
    const all = Int32Array.from(
      rows.flatMap((row, index) => [...row.slice(0, asked[index]), ...Array(seq - asked[index]).fill(mask)]),
    );
    return {
      batch: rows.length,
      seq,
      ids: all,
      attentionMask: new Uint8Array(all.length).fill(1),
      time: new Float64Array(rows.length),
      positions: Int32Array.from(asked, (position, row) => row * seq + position),
    };
  };

  it("knows what follows each row, one row after the other, and keeps nothing", async () => {
    const baseline = tf.memory().numTensors;
    const denoiser = causalDenoiser(await loadGpt2(golden), { maskTokenId: mask });
    const other = ids.slice().reverse();
    const model = await loadGpt2(golden);
    // Rows in turn, a row that left the batch, a row that comes back, and one that jumps.
    for (const [first, second] of [
      [4, 9],
      [5, 10],
      [6, undefined],
      [7, 11],
      [20, 12],
    ]) {
      const rows = second === undefined ? [ids] : [ids, other];
      const asked = second === undefined ? [first as number] : [first as number, second];
      const distributions = await denoiser.denoise(asking(rows, asked));
      const logProbs = await distributions.logProbs();
      expect(distributions.cost).toEqual({ forwards: rows.length, rowForwards: rows.length });
      distributions.dispose();
      for (const [row, position] of asked.entries()) {
        const wanted = await valuesOf(
          tf.tidy(() =>
            tf.logSoftmax(model.logits(rows[row].slice(0, position), Int32Array.of(position - 1))),
          ),
        );
        const found = logProbs.subarray(row * (vocab + 1), (row + 1) * (vocab + 1));
        expect(found[mask]).toBe(Number.NEGATIVE_INFINITY);
        expect(largestDifference(found.subarray(0, vocab), wanted)).toBeLessThan(1e-4);
      }
    }
    model.dispose();
    denoiser.dispose();
    expect(tf.memory().numTensors).toBe(baseline);
  });

  it("begins a page without a prompt after the begin token, and goes on from there", async () => {
    const denoiser = causalDenoiser(await loadGpt2(golden), { maskTokenId: mask });
    const model = await loadGpt2(golden);
    for (const written of [0, 1, 2]) {
      const input = asking([ids], [written]);
      const distributions = await denoiser.denoise({
        ...input,
        editable: new Uint8Array(ids.length).fill(1),
      });
      const text = Int32Array.of(vocab - 1, ...ids.slice(0, written));
      const wanted = await valuesOf(tf.tidy(() => tf.logSoftmax(model.logits(text, Int32Array.of(written)))));
      expect(largestDifference((await distributions.logProbs()).subarray(0, vocab), wanted)).toBeLessThan(
        1e-4,
      );
      distributions.dispose();
    }
    model.dispose();
    denoiser.dispose();
  });

  it("refuses positions that are not next", async () => {
    const denoiser = causalDenoiser(await loadGpt2(golden), { maskTokenId: mask });
    const input = asking([ids], [5]);
    await expect(denoiser.denoise({ ...input, positions: Int32Array.of(6) })).rejects.toMatchObject({
      code: "UNSUPPORTED",
    });
    await expect(denoiser.denoise({ ...input, positions: Int32Array.of(4) })).rejects.toMatchObject({
      code: "UNSUPPORTED",
    });
    denoiser.dispose();
  });
});

describe("a folder", () => {
  let backend: Backend;
  let folder: string;
  let baseline: number;
  beforeAll(async () => {
    backend = await startBackend("cpu");
  });
  afterAll(() => backend.dispose());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "textdiffusion-gpt2-"));
    cpSync(golden, folder, { recursive: true });
    baseline = tf.memory().numTensors;
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
    expect(tf.memory().numTensors).toBe(baseline);
  });
  const weights = () => join(folder, "model.safetensors");
  const change = (edit: (tensors: Map<string, NamedArray>) => void) => {
    const tensors = new Map(decodeSafetensors(readFileSync(weights()), "weights").tensors);
    edit(tensors);
    writeFileSync(weights(), encodeSafetensors(tensors));
  };
  const configure = (part: object) => {
    const path = join(folder, "config.json");
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), ...part }));
  };

  it("may have the names of GPT2LMHeadModel and repeat the tied head", async () => {
    change((tensors) => {
      for (const [name, tensor] of [...tensors]) {
        tensors.delete(name);
        if (!name.endsWith(".attn.bias")) tensors.set(`transformer.${name}`, tensor);
      }
      tensors.set("lm_head.weight", tensors.get("transformer.wte.weight") as NamedArray);
    });
    const model = await loadGpt2(folder);
    const last = await valuesOf(model.logits(ids, Int32Array.of(ids.length - 1)));
    expect(largestDifference(last, after(ids.length - 1)) / scale).toBeLessThan(1e-5);
    model.dispose();
  });

  it("is refused with what is wrong", async () => {
    const refused = async (code: string, message: RegExp) => {
      const error = await loadGpt2(folder).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    };
    configure({ model_type: "bert" });
    await refused("UNSUPPORTED", /"gpt2", got "bert"/);
    configure({ model_type: "gpt2", scale_attn_by_inverse_layer_idx: true });
    await refused("UNSUPPORTED", /scale_attn_by_inverse_layer_idx/);
    configure({ scale_attn_by_inverse_layer_idx: false, n_head: 5 });
    await refused("MODEL_INVALID", /n_head to divide n_embd 24, got 5/);
    configure({ n_head: 4, n_layer: 3 });
    await refused("MODEL_INVALID", /missing: .*transformer\.h\.2/);
    configure({ n_layer: 1 });
    await refused("MODEL_INVALID", /"h\.1\.ln_1\.weight" is unknown/);
    configure({ n_layer: 2, vocab_size: 54 });
    await refused("MODEL_INVALID", /"wte\.weight" has shape \[53, 24\], not \[54, 24\]/);
    configure({ vocab_size: 53 });
    change((tensors) => tensors.set("lm_head.weight", { shape: [53, 24], data: new Float32Array(53 * 24) }));
    await refused("MODEL_INVALID", /"lm_head\.weight" to repeat "wte\.weight"/);
    change((tensors) => {
      tensors.delete("lm_head.weight");
      tensors.set("ln_f.bias", { shape: [24], data: new Float32Array(24).fill(Number.NaN) });
    });
    await refused("NOT_A_NUMBER", /transformer\.ln_f\.bias/);
    rmSync(join(folder, "config.json"));
    await refused("FILE_NOT_FOUND", /config\.json/);
  });

  it("refuses ids and positions that it has no row for", async () => {
    const model = await loadGpt2(golden);
    expect(() => model.begin(Int32Array.of(53))).toThrow(/from 0 to 52, got 53/);
    expect(() => model.begin(new Int32Array(81))).toThrow(/1 to 80 tokens, got 81/);
    expect(() => model.logits(new Int32Array(0))).toThrow(/got 0/);
    expect(() => model.logits(ids, Int32Array.of(37))).toThrow(/positions from 0 to 36, got 37/);
    model.dispose();
  });
});
