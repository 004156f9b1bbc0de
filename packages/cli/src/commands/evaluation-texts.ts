import { modelRecordOf, readDocuments, splitText } from "textdiffusion";
import { dataPath } from "../config/data-path.js";

export interface TextOptions {
  readonly data: string;
  readonly trainingData?: string;
  readonly heldOut?: number;
}

export interface EvaluationTexts {
  readonly heldOutText: string;
  readonly trainingText?: string;
  /** The share of `--data` that is held out. */
  readonly share: number;
  /** SHA-256 of the whole of `--data`, by which a model's training record knows it, too. */
  readonly fingerprint: string;
  /** What the user should know before believing the figures. */
  readonly warnings: readonly string[];
}

/**
 * The text to evaluate on and the text to learn baselines from: what two names stand for, or the last share of one and what is before it.
 *
 * @throws DiffusionError `FILE_NOT_FOUND`, `DATA_INVALID`, `CONFIG_INVALID`
 */
export async function evaluationTexts(
  { data, trainingData, heldOut }: TextOptions,
  models: { readonly model: string; readonly beside?: string },
  folder: string,
): Promise<EvaluationTexts> {
  const { text, fingerprint } = await textOf(dataPath(data, folder));
  const share = heldOut ?? (trainingData === undefined ? 0.1 : 1);
  const { before, last } = splitText(text, share);
  return {
    heldOutText: last,
    trainingText:
      trainingData === undefined ? before || undefined : (await textOf(dataPath(trainingData, folder))).text,
    share,
    fingerprint,
    warnings: share > 0.1 ? await whoHasLearnt() : [],
  };

  async function whoHasLearnt(): Promise<string[]> {
    const names = { model: "The model", beside: "The model beside it" };
    const warnings: string[] = [];
    for (const [which, name] of Object.entries(names)) {
      const opened = models[which as keyof typeof models];
      const learnt = opened && (await modelRecordOf(opened)).training?.data;
      if (learnt !== fingerprint) continue;
      warnings.push(
        `${name} has learnt from this very text, of which training holds back the last tenth unless told otherwise: with --held-out ${share} the figures are too good.`,
      );
    }
    return warnings;
  }
}

// --- internal ---

/** Documents one after the other, as a model without a frame learns them. */
async function textOf(file: string): Promise<{ readonly text: string; readonly fingerprint: string }> {
  const texts: string[] = [];
  const { fingerprint } = await readDocuments({ file, documents: "file" }, [], ({ text }) => {
    texts.push(text);
  });
  return { text: texts.join(""), fingerprint };
}
