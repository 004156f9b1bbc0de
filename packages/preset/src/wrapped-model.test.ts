import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  byName,
  type ComponentChoice,
  type GenerationFinished,
  type GenerationRequest,
} from "@textdiffusion/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadTextDiffusion, trainTextDiffusion } from "./index.js";

const root = mkdtempSync(join(tmpdir(), "textdiffusion-wrapped-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const folder = join(root, "model");
const shifted = join(root, "shifted");

beforeAll(async () => {
  const file = join(root, "text.txt");
  writeFileSync(file, "tide and time ".repeat(60));
  const small = {
    backend: "cpu",
    data: { file, rowLength: 16 },
    model: { layers: 2, hidden: 16, heads: 2 },
    training: { steps: 3, batchSize: 4, learningRate: 0.01 },
  } as const;
  await trainTextDiffusion({ ...small, out: folder });
  await trainTextDiffusion({ ...small, model: { ...small.model, logitAlignment: "next" }, out: shifted });
});

type Choice = ComponentChoice<"denoiser"> | undefined;

async function write(
  denoiser: Choice,
  request: GenerationRequest,
  sampler: ComponentChoice<"sampler"> = "random",
) {
  const model = await loadTextDiffusion({ folder, backend: "cpu", sampler, denoiser });
  try {
    const { name } = await model.get("denoiser");
    for await (const event of model.stream({ seed: 3, ...request })) {
      if (event.kind === "finished")
        return { name, settings: model.settings, ...(event as GenerationFinished) };
    }
    throw new Error("no end");
  } finally {
    await model.dispose();
  }
}

describe("the denoiser of a config wraps the model of the folder", () => {
  it("in guidance, which costs a second row for each", async () => {
    const prompts = ["tide", "time"];
    const plain = await write(undefined, { prompts });
    const none = await write({ name: "guided", scale: 0 }, { prompts });
    expect([none.ids, none.rowForwards, none.name]).toEqual([plain.ids, plain.rowForwards, "roberta"]);
    const guided = await write({ name: "guided", scale: 3 }, { prompts });
    expect(guided.name).toBe("roberta guided by 3");
    expect(guided.forwards).toBe(plain.forwards);
    expect(guided.rowForwards).toBe(2 * plain.rowForwards);
    expect(guided.settings.denoiser).toEqual({
      name: "guided",
      scale: 3,
      denoiser: { name: "huggingface", folder },
    });
  });

  it("in reuse, which computes rows that begin alike once", async () => {
    const plain = await write(undefined, { prompts: ["t", "t", "t"] });
    const reused = await write("reusing", { prompts: ["t", "t", "t"] });
    expect(reused.ids).toEqual(plain.ids);
    expect(reused.rowForwards).toBeLessThan(plain.rowForwards);
  });

  it("with a cache, whose name says that it is approximate, through whatever is around it", async () => {
    const sampler = { name: "blocks", size: 4, sampler: { name: "confidence", steps: 2 } } as const;
    const cached: Choice = { name: "reusing", denoiser: { name: "huggingface", cache: "dual" } };
    const written = await write(cached, {}, sampler);
    expect(written.name).toBe("roberta with an approximate dual cache");
    expect(written.settings.denoiser).toEqual({
      name: "reusing",
      denoiser: { name: "huggingface", folder, cache: "dual" },
    });
    expect(written.forwards).toBe(8);
  });

  it.each([
    ["guidd", "UNKNOWN_COMPONENT", /known denoiser.*"guidd".*guided/],
    [{ name: "guided", scal: 2 }, "UNKNOWN_OPTION", /denoiser\.scal/],
    [
      { name: "guided", denoiser: { name: "huggingface", cache: "dul" } },
      "CONFIG_INVALID",
      /denoiser\.denoiser\.cache/,
    ],
    [{ name: "guided", denoiser: "x" }, "UNKNOWN_COMPONENT", /denoiser\.denoiser/],
  ])("refuses %j", async (choice, code, message) => {
    await expect(write(byName(choice), {})).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});

describe("a model whose positions predict the next token", () => {
  it("says so in its folder, and is read so", async () => {
    const record = JSON.parse(readFileSync(join(shifted, "textdiffusion.json"), "utf8"));
    expect(record.logitAlignment).toBe("next");
    expect(JSON.parse(readFileSync(join(folder, "textdiffusion.json"), "utf8"))).not.toHaveProperty(
      "logitAlignment",
    );
    const model = await loadTextDiffusion({ folder: shifted, backend: "cpu" });
    expect(model.settings.denoiser).toEqual({ name: "huggingface", folder: shifted, logitAlignment: "next" });
    expect((await model.generate({ prompts: ["tide"] })).texts[0]).toMatch(/^tide/);
    await model.dispose();
  });
});
