import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { DiffusionError } from "@textdiffusion/core";
import type { CheckpointStore, SavedCheckpoint, TrainingCheckpoint } from "./checkpoint-store.js";
import { publishFolder, sizeOfFile, writing } from "./durable-files.js";
import { type KeptStep, keptStepJson } from "./kept-step.js";
import { LEARNER_FILE, readLearnerFile, writeLearnerFile } from "./learner-file.js";
import { describeCheckpoint, MANIFEST_FILE, readManifest } from "./manifest.js";

export interface CheckpointFolderOptions {
  /** Writes the model's files into `folder`, so that each checkpoint is a model folder, too. */
  saveModel(folder: string): Promise<void>;
}

/**
 * Checkpoints as folders `step-00000500` below `folder`: the model's files, `learner.safetensors` (weights, moments)
 * and `trainer.json` (step, data position, config, sizes and SHA-256 of the files). The best model, `best-00000300`, is
 * a model folder alone.
 *
 * A checkpoint is written under a temporary name, brought to the disk and renamed, so a kill at any moment leaves
 * whole checkpoints only. One process may save into a folder at a time; any number may read.
 *
 * Creates `folder`, tries that it can be written and removes what a killed run left unfinished.
 *
 * @throws DiffusionError `FILE_NOT_WRITABLE`, here and from `save`; `CHECKPOINT_INVALID` from `latest`
 */
export async function openCheckpointFolder(
  folder: string,
  { saveModel }: CheckpointFolderOptions,
): Promise<CheckpointStore> {
  await writing(folder, async () => {
    await mkdir(folder, { recursive: true });
    await removeUnfinished(folder);
    const probe = join(folder, `${UNFINISHED}probe`);
    await writeFile(probe, "");
    await rm(probe);
  });
  return { save, latest, saveBest, bestStep, keepStep };

  async function save(checkpoint: TrainingCheckpoint, keep: number): Promise<SavedCheckpoint> {
    const name = nameOf(checkpoint.step);
    const [temporary, final] = [join(folder, UNFINISHED + name), join(folder, name)];
    return writing(final, async () => {
      try {
        await mkdir(temporary);
        await saveModel(temporary);
        await writeLearnerFile(join(temporary, LEARNER_FILE), checkpoint.learner);
        const manifest = await describeCheckpoint(temporary, checkpoint);
        await writeFile(join(temporary, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
        await publishFolder(temporary, final);
        await remove(folder, (await namesOf(folder, STEP)).slice(0, -keep));
        const files = Object.values(manifest.files).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
        return { folder: final, sizeBytes: files + (await sizeOfFile(join(final, MANIFEST_FILE))) };
      } finally {
        await rm(temporary, { recursive: true, force: true });
      }
    });
  }

  async function latest(): Promise<TrainingCheckpoint | undefined> {
    const newest = await latestCheckpoint(folder);
    if (newest === undefined) return undefined;
    const { step, position, rows, config, best, recent } = await readManifest(newest);
    if (nameOf(step) !== basename(newest)) {
      throw new DiffusionError({
        code: "CHECKPOINT_INVALID",
        component: "training/checkpoint",
        problem: `${newest}: expected the checkpoint of that step, got one of step ${step}`,
        remedy: `Call the folder ${nameOf(step)}, if it was renamed`,
      });
    }
    return {
      step,
      position,
      rows,
      config,
      best,
      recent,
      learner: await readLearnerFile(join(newest, LEARNER_FILE)),
    };
  }

  async function bestStep(): Promise<number | undefined> {
    const best = await bestModel(folder);
    return best === undefined ? undefined : Number(basename(best).slice(BEST.length));
  }

  async function keepStep(kind: "failed" | "spike", step: KeptStep): Promise<string | undefined> {
    const name = `${nameOf(step.step, `${kind}-`)}.json`;
    const [temporary, file] = [join(folder, UNFINISHED + name), join(folder, name)];
    return writing(file, async () => {
      const earlier = (await readdir(folder)).filter((each) => each.startsWith(SPIKE) && each !== name);
      if (kind === "spike" && earlier.length >= MOST_SPIKES) return undefined;
      await writeFile(temporary, keptStepJson(step));
      await rename(temporary, file);
      return file;
    });
  }

  async function saveBest(step: number): Promise<string> {
    const name = nameOf(step, BEST);
    const [temporary, final] = [join(folder, UNFINISHED + name), join(folder, name)];
    return writing(final, async () => {
      try {
        await mkdir(temporary);
        await saveModel(temporary);
        // A run that was killed here and resumed comes to the same model again.
        await remove(folder, [name]);
        await publishFolder(temporary, final);
        const earlier = await namesOf(folder, BEST);
        await remove(
          folder,
          earlier.filter((each) => each !== name),
        );
        return final;
      } finally {
        await rm(temporary, { recursive: true, force: true });
      }
    });
  }
}

/** The newest checkpoint below `folder`, itself a model folder, or undefined where there is none. Its files are not checked. */
export async function latestCheckpoint(folder: string): Promise<string | undefined> {
  const newest = (await namesOf(folder, STEP)).at(-1);
  return newest === undefined ? undefined : join(folder, newest);
}

/** The model of the best validation below `folder`, or undefined where none was kept. */
export async function bestModel(folder: string): Promise<string | undefined> {
  const best = (await namesOf(folder, BEST)).at(-1);
  return best === undefined ? undefined : join(folder, best);
}

// --- internal ---

/** Begins the names of what is not, or no longer, a checkpoint. */
const UNFINISHED = ".unfinished-";

const STEP = "step-";
const BEST = "best-";
const SPIKE = "spike-";

/** The first ones tell why a run went wrong; one that is wrong all along must not fill the disk. */
const MOST_SPIKES = 20;

function nameOf(step: number, kind = STEP): string {
  return `${kind}${String(step).padStart(8, "0")}`;
}

/** Ascending by step. */
async function namesOf(folder: string, kind: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const stepOf = (name: string) => Number(name.slice(kind.length));
  return names
    .filter((name) => name.startsWith(kind) && /^\d{8,}$/.test(name.slice(kind.length)))
    .sort((a, b) => stepOf(a) - stepOf(b));
}

/** Renames first: a folder that is half deleted must not look like a checkpoint. */
async function remove(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    if (!existsSync(join(folder, name))) continue;
    await rename(join(folder, name), join(folder, UNFINISHED + name));
    await rm(join(folder, UNFINISHED + name), { recursive: true });
  }
}

async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(UNFINISHED)) await rm(join(folder, name), { recursive: true });
  }
}
