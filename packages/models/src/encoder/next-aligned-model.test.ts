import { startBackend } from "@textdiffusion/backend-node";
import { type Backend, Random } from "@textdiffusion/core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createModel } from "../create-model.js";
import { nextAlignedModel } from "./next-aligned-model.js";

let backend: Backend;
beforeAll(async () => {
  backend = await startBackend("cpu");
});
afterAll(() => backend.dispose());

it("reads each position one before, the first of a row at its own", async () => {
  const sizes = { layers: 1, hidden: 8, heads: 2, vocabularySize: 12, maxLength: 6 };
  const model = await createModel({ architecture: "bert", ...sizes }, Random.fromSeed(1));
  const input = {
    batch: 2,
    seq: 3,
    ids: Int32Array.of(3, 4, 5, 6, 7, 8),
    attentionMask: new Uint8Array(6).fill(1),
  };
  const rows = async (of: typeof model | ReturnType<typeof nextAlignedModel>, ...positions: number[]) => {
    const logits = of.logits({ ...input, positions: Int32Array.from(positions) });
    return logits.data().finally(() => logits.dispose());
  };
  const aligned = nextAlignedModel(model);
  expect(await rows(aligned, 0, 1, 2, 3, 4, 5)).toEqual(await rows(model, 0, 0, 1, 3, 3, 4));
  expect(aligned.parameters).toBe(model.parameters);
  aligned.dispose();
});
