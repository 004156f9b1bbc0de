import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type DataPosition, DiffusionError } from "@textdiffusion/core";
import { z } from "zod";
import { bestValidationSchema } from "../trainer/best-validation.js";
import { recentStepsSchema } from "../trainer/spikes.js";
import { trainingVersion } from "../training-version.js";
import type { TrainingCheckpoint } from "./checkpoint-store.js";
import { listFiles, sha256OfFile, sizeOfFile } from "./durable-files.js";
import { LEARNER_FILE } from "./learner-file.js";
import { canonicalJson, type RunConfig, runConfigSchema } from "./run-config.js";

/** The file that says what a checkpoint is. It is written last. */
export const MANIFEST_FILE = "trainer.json";

const FORMAT = 1;

const positionSchema: z.ZodType<DataPosition> = z.json();

const manifestSchema = z.strictObject({
  format: z.literal(FORMAT),
  step: z.int().nonnegative(),
  position: z.int().nonnegative(),
  rows: positionSchema.optional(),
  best: bestValidationSchema.optional(),
  recent: recentStepsSchema.optional(),
  /** SHA-256 of the canonical JSON of `config`. */
  configHash: z.string(),
  config: runConfigSchema,
  /** Every other file of the checkpoint. */
  files: z
    .record(z.string(), z.strictObject({ sizeBytes: z.int().nonnegative(), sha256: z.string() }))
    .refine((files) => LEARNER_FILE in files, `must name ${LEARNER_FILE}`),
  /** Who wrote it: for the reader, not compared. */
  versions: z.record(z.string(), z.string()),
});

export type Manifest = z.output<typeof manifestSchema>;

/** Describes the checkpoint whose files lie in `folder`. */
export async function describeCheckpoint(
  folder: string,
  { step, position, rows, config, best, recent }: TrainingCheckpoint,
): Promise<Manifest> {
  const files: Manifest["files"] = {};
  for (const name of await listFiles(folder)) {
    const path = join(folder, name);
    files[name] = { sizeBytes: await sizeOfFile(path), sha256: await sha256OfFile(path) };
  }
  const versions = { "@textdiffusion/training": trainingVersion, node: process.version };
  return {
    format: FORMAT,
    step,
    position,
    rows,
    best,
    recent,
    configHash: hashOf(config),
    config,
    files,
    versions,
  };
}

/**
 * Reads the manifest of a checkpoint folder and holds every file against it.
 *
 * @throws DiffusionError `CHECKPOINT_INVALID` that names the file which is missing, cut short or changed
 */
export async function readManifest(folder: string): Promise<Manifest> {
  const manifest = parseManifest(folder, await readFile(join(folder, MANIFEST_FILE), "utf8").catch(String));
  if (manifest.configHash !== hashOf(manifest.config)) {
    throw invalid(folder, `expected ${MANIFEST_FILE} as it was saved, got another config in it`);
  }
  const present = new Set(await listFiles(folder));
  for (const [name, expected] of Object.entries(manifest.files)) {
    // Only names that were found in the folder are opened, so that no manifest can point out of it.
    if (!present.has(name)) throw invalid(folder, `expected the file ${name}, got none`);
    const path = join(folder, name);
    const sizeBytes = await sizeOfFile(path);
    if (sizeBytes !== expected.sizeBytes) {
      throw invalid(folder, `expected ${name} of ${expected.sizeBytes} bytes, got ${sizeBytes}`);
    }
    if ((await sha256OfFile(path)) !== expected.sha256) {
      throw invalid(folder, `expected ${name} as it was saved, got other bytes`);
    }
  }
  return manifest;
}

// --- internal ---

function parseManifest(folder: string, text: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalid(folder, `expected JSON in ${MANIFEST_FILE}, got ${JSON.stringify(text.slice(0, 80))}`);
  }
  const result = manifestSchema.safeParse(json);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0];
  throw invalid(
    folder,
    `expected ${MANIFEST_FILE} of format ${FORMAT}, got at ${path.join(".")}: ${message}`,
  );
}

function hashOf(config: RunConfig): string {
  return createHash("sha256").update(canonicalJson(config)).digest("hex");
}

function invalid(folder: string, problem: string): DiffusionError {
  return new DiffusionError({
    code: "CHECKPOINT_INVALID",
    component: "training/checkpoint",
    problem: `${folder}: ${problem}`,
    remedy: "Delete that folder to go on from the checkpoint before it",
    details: { folder },
  });
}
