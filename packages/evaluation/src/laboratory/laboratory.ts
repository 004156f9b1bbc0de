import {
  type Denoiser,
  DiffusionError,
  type NoiseSchedule,
  openCanvas,
  reverseLoop,
  type Sampler,
  type Tokenizer,
} from "@textdiffusion/core";
import { defaultBatchSize } from "../batch-size.js";
import { measureSamples, type Sample } from "../samples/measure-samples.js";
import type { Scorer } from "../scorers/scorer.js";
import { throwIfAborted } from "../throw-if-aborted.js";
import type { LaboratoryEvent, LaboratoryRecord, LaboratorySettings } from "./records.js";

export interface LaboratoryEntry {
  /** Entries of one label are one line in the plot. */
  readonly label: string;
  /** What sets it apart from the others of its label: "16 steps". */
  readonly variant?: string;
  /** What makes the sampler again, for the record. */
  readonly config: unknown;
  readonly sampler: Sampler;
  /** Default the laboratory's: an entry may compare what wraps the model, guidance say, rather than samplers. */
  readonly denoiser?: Denoiser;
}

export interface LaboratoryOptions {
  readonly denoiser: Denoiser;
  /** What the report calls the model. Default the denoiser's name. */
  readonly model?: string;
  readonly tokenizer: Tokenizer;
  readonly schedule: NoiseSchedule;
  readonly entries: readonly LaboratoryEntry[];
  readonly scorer: Scorer;
  /** Natural text in pieces as long as the samples, measured in the same way: the mark to reach. */
  readonly reference?: readonly Sample[];
  /** Samples of each sampler. Default 32. */
  readonly samples?: number;
  /** Tokens of a sample, frame included. Default: the longest canvas of the denoiser. */
  readonly length?: number;
  /** How every sample begins; not part of what is measured. Default nothing. */
  readonly prompt?: string;
  /** Put begin and end tokens around each sample. Default false. */
  readonly frame?: boolean;
  /** Default 0. */
  readonly seed?: number;
  /** Samples in one batch; changes the time that it takes and nothing else. Default 16, less where the vocabulary is large. */
  readonly batchSize?: number;
  /** Kept in the report as it is. */
  readonly provenance?: object;
  /** Looked at before each reverse step. What was measured before stays measured. */
  readonly signal?: AbortSignal;
}

/**
 * One denoiser, many samplers, the same noise: sample i is written by each of them, from nothing or from one prompt, with
 * the numbers of (seed, i), so that samplers differ by what they decide and not by luck.
 *
 * ```ts
 * for await (const event of laboratory({ denoiser, tokenizer, schedule, entries, scorer })) {
 *   if (event.kind === "finished") console.log(laboratoryTable(event.report));
 * }
 * ```
 *
 * Quality stands against forwards, the rows that passed the network for each sample: a step that asks for nothing is
 * free, and a row that is done costs nothing more.
 *
 * @throws DiffusionError `CONFIG_INVALID` for no samplers or no samples, `ABORTED`, and what the loop and the samplers
 *   throw
 */
export async function* laboratory(options: LaboratoryOptions): AsyncGenerator<LaboratoryEvent, void, void> {
  const { denoiser, schedule, entries, scorer, reference, samples = 32, seed = 0 } = options;
  const length = options.length ?? denoiser.maxLength;
  const batchSize = options.batchSize ?? defaultBatchSize(denoiser, length);
  assertSomething("samplers", entries.length);
  assertSomething("samples", samples);
  assertSomething("batchSize", batchSize);
  throwIfAborted(options.signal);
  const settings: LaboratorySettings = {
    formatVersion: 1,
    model: options.model ?? denoiser.name,
    schedule: schedule.name,
    samples,
    length,
    prompt: options.prompt ?? "",
    seed,
    batchSize,
    scorer: scorer.name,
    scorerUnit: scorer.unit,
    reference: reference && (await measureSamples(reference, scorer)),
    provenance: options.provenance,
  };
  yield { kind: "started", runs: entries.length, settings };
  const records: LaboratoryRecord[] = [];
  for (const [run, entry] of entries.entries()) {
    const record = yield* measure(entry, run, options, { samples, length, seed, batchSize });
    records.push(record);
    yield { kind: "measured", run, record };
  }
  yield { kind: "finished", report: { ...settings, records } };
}

// --- internal ---

async function* measure(
  entry: LaboratoryEntry,
  run: number,
  options: LaboratoryOptions,
  { samples, length, seed, batchSize }: Pick<LaboratorySettings, "samples" | "length" | "seed" | "batchSize">,
): AsyncGenerator<LaboratoryEvent, LaboratoryRecord, void> {
  const { label, variant, config, sampler, denoiser = options.denoiser } = entry;
  const { tokenizer, schedule, scorer, frame, prompt = "", signal } = options;
  let steps: number | null = null;
  const written: Sample[] = [];
  let tokens = 0;
  let rowForwards = 0;
  let milliseconds = 0;
  for (let from = 0; from < samples; from += batchSize) {
    const rowKeys = Array.from({ length: Math.min(batchSize, samples - from) }, (_, row) => from + row);
    const prompts = rowKeys.map(() => prompt);
    const canvas = openCanvas(tokenizer, { prompts, length, frame, rowKeys, maxLength: denoiser.maxLength });
    const editable = canvas.editable.reduce((sum, flag) => sum + flag, 0);
    tokens += editable;
    const loop = reverseLoop({
      denoiser,
      sampler,
      schedule,
      canvas,
      maskTokenId: tokenizer.special.mask,
      seed,
      suppressed: tokenizer.specialIds,
      signal,
    });
    let since = performance.now();
    for await (const event of loop) {
      milliseconds += performance.now() - since;
      if (event.kind === "started") steps = event.steps ?? null;
      if (event.kind === "step") {
        const share = (from + rowKeys.length * (1 - event.masked / editable)) / samples;
        yield { kind: "progress", run, label, variant, share };
      }
      if (event.kind === "finished") {
        rowForwards += event.rowForwards;
        written.push(...samplesOf(event.ids, canvas.editable, canvas.seq, tokenizer));
      }
      since = performance.now();
    }
  }
  return {
    label,
    variant,
    config,
    denoiser: denoiser.name,
    steps,
    forwards: rowForwards / samples,
    tokensPerForward: tokens / rowForwards,
    secondsPerSample: milliseconds / 1000 / samples,
    ...(await measureSamples(written, scorer)),
    texts: written.map(({ text }) => text),
  };
}

/** What was written of each row. */
function samplesOf(ids: Int32Array, editable: Uint8Array, seq: number, tokenizer: Tokenizer): Sample[] {
  return Array.from({ length: ids.length / seq }, (_, row) => {
    const own = ids.subarray(row * seq, (row + 1) * seq).filter((_id, at) => editable[row * seq + at] === 1);
    return { ids: own, text: tokenizer.decode(own) };
  });
}

function assertSomething(what: string, count: number): void {
  if (Number.isSafeInteger(count) && count >= 1) return;
  throw new DiffusionError({
    code: "CONFIG_INVALID",
    component: "evaluation/laboratory",
    problem: `expected at least one of ${what}, got ${count}`,
    remedy: "Use a positive whole number",
  });
}
