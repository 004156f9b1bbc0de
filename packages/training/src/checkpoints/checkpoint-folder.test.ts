import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DiffusionError } from "@textdiffusion/core";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { latestCheckpoint, openCheckpointFolder } from "./checkpoint-folder.js";
import type { CheckpointStore, TrainingCheckpoint } from "./checkpoint-store.js";
import { runConfigFrom } from "./run-config.js";

const root = mkdtempSync(join(tmpdir(), "textdiffusion-checkpoints-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folder: string;
let store: CheckpointStore;
beforeEach(async () => {
  folder = mkdtempSync(join(root, "run-"));
  store = await openCheckpointFolder(folder, { saveModel });
});

const saveModel = async (into: string) => {
  await writeFile(join(into, "config.json"), '{"model_type":"tiny"}');
};

/** Numbers that a careless file would change: -0, denormals, infinities, a NaN, all bits of a mantissa. */
const hard = Float32Array.from([-0, 1e-45, Number.POSITIVE_INFINITY, Number.NaN, 1 / 3, -16777215]);

const checkpoint = (step: number): TrainingCheckpoint => ({
  step,
  position: step * 8,
  config: runConfigFrom({ training: { seed: 1, learningRate: 0.1 } }),
  learner: {
    "parameter/dense.weight": { shape: [2, 3], data: hard },
    "optimizer/updates": { shape: [], data: Float32Array.of(step) },
  },
});

const stepFolder = (step: number) => join(folder, `step-${String(step).padStart(8, "0")}`);

describe("save and latest", () => {
  it("give back a checkpoint bit for bit", async () => {
    const saved = await store.save(checkpoint(7), 2);
    const latest = await store.latest();
    expect(latest).toEqual(checkpoint(7));
    const { data } = latest?.learner["parameter/dense.weight"] ?? expect.fail("no weights");
    expect(new Uint32Array(data.buffer)).toEqual(new Uint32Array(hard.buffer));
    expect(saved.folder).toBe(stepFolder(7));
    const files = readdirSync(saved.folder).sort();
    expect(files).toEqual(["config.json", "learner.safetensors", "trainer.json"]);
    const bytes = files.map((file) => readFileSync(join(saved.folder, file)).length);
    expect(saved.sizeBytes).toBe(bytes.reduce((sum, size) => sum + size));
  });

  it("describe each file by its size and SHA-256", async () => {
    await store.save(checkpoint(1), 1);
    const { files } = JSON.parse(readFileSync(join(stepFolder(1), "trainer.json"), "utf8"));
    for (const name of ["config.json", "learner.safetensors"]) {
      const bytes = readFileSync(join(stepFolder(1), name));
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      expect(files[name]).toEqual({ sizeBytes: bytes.length, sha256 });
    }
  });

  it("keep the newest ones, by number and not by spelling", async () => {
    for (const step of [99_999_998, 99_999_999, 100_000_000]) await store.save(checkpoint(step), 2);
    expect(readdirSync(folder).sort()).toEqual(["step-100000000", "step-99999999"]);
    expect((await store.latest())?.step).toBe(100_000_000);
  });

  it("find nothing in an empty or missing folder", async () => {
    expect(await store.latest()).toBeUndefined();
    expect(await latestCheckpoint(join(folder, "nowhere"))).toBeUndefined();
  });

  it("pass over what a killed run left, and remove it when the folder is opened again", async () => {
    await store.save(checkpoint(3), 1);
    renameSync(stepFolder(3), join(folder, ".unfinished-step-00000004"));
    await store.save(checkpoint(2), 1);
    expect(await latestCheckpoint(folder)).toBe(stepFolder(2));
    await openCheckpointFolder(folder, { saveModel });
    expect(readdirSync(folder)).toEqual(["step-00000002"]);
  });

  it("keep the last checkpoint and no rest when saving fails", async () => {
    await store.save(checkpoint(1), 1);
    const failing = await openCheckpointFolder(folder, {
      saveModel: async (into) => {
        await saveModel(into);
        throw new DiffusionError({ code: "MODEL_INVALID", component: "test", problem: "no", remedy: "none" });
      },
    });
    await expect(failing.save(checkpoint(2), 1)).rejects.toMatchObject({ code: "MODEL_INVALID" });
    expect(readdirSync(folder)).toEqual(["step-00000001"]);
    expect(await store.latest()).toEqual(checkpoint(1));
  });
});

describe("a checkpoint that is not as it was saved", () => {
  const manifestOf = (step: number) => join(stepFolder(step), "trainer.json");
  const editManifest = (from: RegExp, to: string) => () =>
    writeFileSync(manifestOf(5), readFileSync(manifestOf(5), "utf8").replace(from, to));

  it.each<[string, () => void, RegExp]>([
    [
      "one bit of the weights",
      () => flipLastBit(join(stepFolder(5), "learner.safetensors")),
      /learner\.safetensors.*other bytes/,
    ],
    [
      "one bit of the model",
      () => flipLastBit(join(stepFolder(5), "config.json")),
      /config\.json.*other bytes/,
    ],
    [
      "weights that grew",
      () => appendFileSync(join(stepFolder(5), "learner.safetensors"), "x"),
      /learner\.safetensors of \d+ bytes, got/,
    ],
    ["a missing file", () => rmSync(join(stepFolder(5), "config.json")), /config\.json, got none/],
    ["a missing manifest", () => rmSync(manifestOf(5)), /trainer\.json/],
    [
      "half a manifest",
      () => writeFileSync(manifestOf(5), readFileSync(manifestOf(5), "utf8").slice(0, 99)),
      /JSON in trainer\.json/,
    ],
    ["another format", editManifest(/"format": 1/, '"format": 2'), /format 1/],
    ["another option", editManifest(/"learningRate": 0.1/, '"learningRate": 0.2'), /another config/],
    ["another step", editManifest(/"step": 5/, '"step": 6'), /step 6/],
    [
      "a file outside the folder",
      editManifest(/"config\.json"/, '"../secret.json"'),
      /secret\.json, got none/,
    ],
    [
      "a manifest that leaves the weights out",
      editManifest(/"learner\.safetensors"/, '"other"'),
      /must name learner\.safetensors/,
    ],
    ["another folder name", () => renameSync(stepFolder(5), stepFolder(6)), /step 5/],
  ])("is refused: %s", async (_, damage, message) => {
    writeFileSync(join(folder, "secret.json"), "{}");
    await store.save(checkpoint(5), 1);
    damage();
    const error = await store.latest().catch((thrown) => thrown);
    expect(DiffusionError.is(error, "CHECKPOINT_INVALID"), String(error)).toBe(true);
    expect(error.message).toMatch(message);
  });

  function flipLastBit(path: string): void {
    const bytes = readFileSync(path);
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(path, bytes);
  }
});

describe("a folder that cannot be written", () => {
  it("is refused before anything else happens", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    const error = await openCheckpointFolder(join(file, "checkpoints"), { saveModel }).catch(
      (thrown) => thrown,
    );
    expect(DiffusionError.is(error, "FILE_NOT_WRITABLE")).toBe(true);
    expect(error.message).toContain(join(file, "checkpoints"));
  });

  const small = join(root, "small-disk");
  const mounted = mountSmallDisk(small);
  afterAll(() => {
    if (mounted) execFileSync("umount", [small]);
  });

  it.skipIf(!mounted)(
    "keeps its last checkpoint when the disk is full (skipped where no disk can be mounted)",
    async () => {
      folder = small;
      store = await openCheckpointFolder(small, { saveModel });
      await store.save(checkpoint(1), 2);
      const large = { shape: [100_000], data: new Float32Array(100_000) };
      const tooLarge = { ...checkpoint(2), learner: { ...checkpoint(2).learner, large } };
      const error = await store.save(tooLarge, 2).catch((thrown) => thrown);
      expect(DiffusionError.is(error, "FILE_NOT_WRITABLE"), String(error)).toBe(true);
      expect(error.message).toContain(stepFolder(2));
      expect(error.message).toContain("ENOSPC");
      expect(readdirSync(small)).toEqual(["step-00000001"]);
      expect(await store.latest()).toEqual(checkpoint(1));
      await store.save(checkpoint(2), 2); // there is room again
    },
  );

  /** 64 KiB of memory as a disk; only root on Linux may have one. */
  function mountSmallDisk(path: string): boolean {
    if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
    mkdirSync(path);
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", path], { stdio: "ignore" });
    } catch {
      return false;
    }
    return existsSync(path);
  }
});
