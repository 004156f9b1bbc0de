// biome-ignore-all lint/suspicious/noEmptyInterface: they are filled by whoever brings components.

/*
 * The components that a config can name, with the options that it can give them: one interface for each kind, empty here.
 * Packages and plugins add their own, so that an editor completes names and options, and a typo does not compile:
 *
 *   declare module "@textdiffusion/core" {
 *     interface KnownSamplers {
 *       "my-sampler": MySamplerOptions;
 *     }
 *   }
 *
 * The type is what may be written (`z.input` of a zod schema), without the name. `{}` where there is nothing to choose.
 */

/** Backends by name, each with its options. */
export interface KnownBackends {}

/** Callbacks of a training by name, each with its options. */
export interface KnownCallbacks {}

/** Collators by name, each with its options. */
export interface KnownCollators {}

/** Denoisers by name, each with its options. */
export interface KnownDenoisers {}

/** Samplers by name, each with its options. */
export interface KnownSamplers {}

/** Schedules by name, each with its options. */
export interface KnownSchedules {}

/** Data sources by name, each with its options. */
export interface KnownSources {}

/** Tokenizers by name, each with its options. */
export interface KnownTokenizers {}
