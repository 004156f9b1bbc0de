import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  evaluateTextDiffusion,
  laboratory,
  laboratoryOptions,
  loadTextDiffusion,
  trainTextDiffusion,
} from "../index.js";

const root = mkdtempSync(join(tmpdir(), "textdiffusion-provenance-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const folder = join(root, "model");
const sha256 = (content: string | Buffer) => createHash("sha256").update(content).digest("hex");
const [heldOutText, trainingText] = ["the tide waits for nö one ".repeat(9), "tide and time ".repeat(60)];

beforeAll(async () => {
  writeFileSync(join(root, "text.txt"), trainingText);
  await trainTextDiffusion({
    backend: "cpu",
    data: { file: join(root, "text.txt"), rowLength: 16 },
    model: { layers: 1, hidden: 16, heads: 2 },
    training: { steps: 2, batchSize: 2 },
    out: folder,
  });
});

describe("the provenance of an evaluation", () => {
  it("is all that is needed to get the same figures again, as JSON", async () => {
    const sampler = { name: "remasking", steps: 5, temperature: 0.6 } as const;
    const model = await loadTextDiffusion({ folder, backend: "cpu", sampler });
    const asked = { heldOutText, trainingText, rows: 5, samples: 2, seed: 3 };
    const { provenance, ...figures } = await evaluateTextDiffusion(model, asked);
    await model.dispose();
    const read = JSON.parse(JSON.stringify(provenance));
    const { length: _, frame: __, ...config } = read.config;
    const again = await loadTextDiffusion({ ...config, folder: read.model.folder });
    const request = { ...read.request, seed: read.seed, heldOutText, trainingText };
    const { provenance: same, ...repeated } = await evaluateTextDiffusion(again, request);
    await again.dispose();
    expect(withoutTimes(repeated)).toEqual(withoutTimes(figures));
    expect(same).toEqual(read);
  });

  it("has the hashes of files and texts, and versions", async () => {
    const model = await loadTextDiffusion({ folder, backend: "cpu" });
    const evaluation = await evaluateTextDiffusion(model, { heldOutText, trainingText, rows: 1, samples: 0 });
    await model.dispose();
    const { files } = evaluation.provenance.model;
    expect(Object.keys(files)).toContain("model.safetensors");
    for (const [name, hash] of Object.entries(files))
      expect(hash).toBe(sha256(readFileSync(join(folder, name))));
    expect(evaluation.provenance).toMatchObject({
      texts: { heldOut: sha256(heldOutText), training: sha256(trainingText) },
      packages: { textdiffusion: expect.stringMatching(/^\d/), "@tensorflow/tfjs-backend-cpu": "4.22.0" },
      platform: { node: process.versions.node, device: expect.stringContaining("JavaScript") },
      request: { rows: 1, samples: 0, batchSize: 16 },
      seed: 0,
    });
  });

  it("stands in a laboratory's report", async () => {
    const model = await loadTextDiffusion({ folder, backend: "cpu" });
    const options = await laboratoryOptions(model, {
      samplers: ["random"],
      steps: [2],
      samples: 1,
      trainingText,
    });
    let provenance: unknown;
    for await (const event of laboratory(options)) {
      if (event.kind === "finished") ({ provenance } = event.report);
    }
    await model.dispose();
    expect(provenance).toMatchObject({
      texts: { training: sha256(trainingText) },
      request: { samplers: ["random"], steps: [2], samples: 1, length: 16 },
      model: { files: { "model.safetensors": sha256(readFileSync(join(folder, "model.safetensors"))) } },
    });
  });
});

// --- internal ---

/** How long it took is no figure that comes again. */
function withoutTimes(figures: object): unknown {
  return JSON.parse(
    JSON.stringify(figures, (key, value) => (key === "secondsPerSample" ? undefined : value)),
  );
}
