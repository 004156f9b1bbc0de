import { decodeOptions } from "@textdiffusion/core";
import { z } from "zod";
import { learnerOptionsSchema } from "../learner/learner-options.js";
import { earlyStoppingSchema } from "./best-validation.js";
import { type LearningRateDecay, learningRateDecays } from "./learning-rate.js";
import { spikesSchema } from "./spikes.js";

/** Options of a training run, those of its learner among them. */
export const trainingOptionsSchema = z
  .strictObject({
    /** Optimizer steps of the whole run. */
    steps: z.int().positive(),
    /** Rows of one micro-batch: what must fit into memory. */
    batchSize: z.int().positive().default(16),
    /** Micro-batches whose gradients make one optimizer step of `batchSize * accumulate` rows. */
    accumulate: z.int().positive().default(1),
    /** The peak of the learning rate. */
    learningRate: z.number().positive().default(1e-4),
    /** Steps over which the learning rate climbs to its peak. */
    warmupSteps: z.int().nonnegative().default(0),
    /** How the learning rate falls after warm-up. */
    decay: z.enum(learningRateDecays).default("linear"),
    /** Share of the peak at which decay ends. */
    finalShare: z.number().min(0).max(1).default(0),
    /** Of the decay `trapezoid`: share of the steps after warm-up, at the end, in which the rate falls. Default 0.2. */
    cooldownShare: z.number().positive().max(1).optional(),
    /** Largest global L2 norm of the gradient; 0 turns clipping off. */
    clipNorm: z.number().nonnegative().default(1),
    ...learnerOptionsSchema.shape,
    /** What happens at a step whose loss or gradient stands far out above those before. */
    spikes: spikesSchema
      .prefault({})
      .describe("steps whose loss or gradient stands far out: told with their batches, or left out as well"),
    /** Steps between validations. There is one before the first step and one after the last, too. */
    evaluateEvery: z.int().positive().default(500),
    /** Steps between checkpoints. There is one after the last step, too. */
    saveEvery: z.int().positive().default(500),
    /** How many checkpoints stay: the newest ones. */
    keepCheckpoints: z.int().positive().default(2),
    /** Which weights the run ends with: the last, or those of the lowest validation bound, which are kept meanwhile. */
    result: z.enum(["last", "best"]).default("last"),
    /** Ends the run when validations do not get better any more. Default: it goes on. */
    earlyStopping: earlyStoppingSchema.optional(),
    /** Steps between step events. The first and the last step are always reported. */
    logEvery: z.int().positive().default(1),
    /** Of noise and dropout. The order of the rows has a seed of its own, in the row source. */
    seed: z.int().default(0),
  })
  .refine(({ warmupSteps, steps }) => warmupSteps < steps, {
    path: ["warmupSteps"],
    message: "warm-up must end before the last step",
  });

export type TrainingOptions = z.output<typeof trainingOptionsSchema>;

/** `TrainingOptions` as they are written, before defaults: only `steps` is required. */
export type TrainingOptionsInput = z.input<typeof trainingOptionsSchema>;

/** Fills in defaults. @throws DiffusionError `UNKNOWN_OPTION`, `CONFIG_INVALID` */
export function decodeTrainingOptions(options: TrainingOptionsInput): Promise<TrainingOptions> {
  return decodeOptions(trainingOptionsSchema, options, "training", "training");
}

/**
 * The options that decide the weights at each step, which a resumed run must share with the run it goes on with.
 * `spikes` are among them only where they are skipped. `steps` is one of them, because the learning rate decays towards it, unless it is constant or falls with the square root of
 * the steps so far: then a run may be made longer.
 */
export function trajectoryOptions(options: TrainingOptions): Partial<TrainingOptions> {
  const { evaluateEvery, saveEvery, keepCheckpoints, logEvery, result, earlyStopping, ...deciding } = options;
  const { steps, spikes, ...trajectory } = deciding;
  return {
    ...trajectory,
    steps: knowsNoEnd.includes(trajectory.decay) ? undefined : steps,
    spikes: spikes.action === "skip" ? spikes : undefined,
  };
}

// --- internal ---

const knowsNoEnd: readonly LearningRateDecay[] = ["constant", "inverse-sqrt"];
