export {
  byName,
  type ComponentChoice,
  type KnownChoice,
  type KnownName,
  type NamedChoice,
  type PipelineConfig,
  type UntypedChoice,
} from "./composition/config.js";
export { decodeOptions, decodeOptionsSync } from "./composition/decode-options.js";
export {
  defineBackend,
  defineCallback,
  defineCollator,
  defineConfig,
  defineDenoiser,
  definePlugin,
  defineSampler,
  defineSchedule,
  defineSource,
  defineTokenizer,
} from "./composition/define.js";
export { componentKinds } from "./composition/manifest.js";
export { isComponent, namedChoice } from "./composition/named-choice.js";
export { type ComponentSources, prepareComponent } from "./composition/prepare-component.js";
export { Registry } from "./composition/registry.js";
export { tokens } from "./composition/tokens.js";
export type { Backend, BackendCapabilities, BackendMemory } from "./contracts/backend.js";
export type { Callback, CallbackAnswer, WatchedEvent, WatchedRun } from "./contracts/callback.js";
export type { Collator } from "./contracts/collator.js";
export {
  type AnyDefinition,
  API_VERSION,
  type ComponentDefinition,
  type ComponentDependencies,
  type ComponentKind,
  type ComponentKinds,
  type LawException,
  type Plugin,
} from "./contracts/component.js";
export type { ConstrainedRow, Constraint, RowConstraint } from "./contracts/constraint.js";
export type { DataDocument, DataPosition, DataSource } from "./contracts/data-source.js";
export type {
  Denoiser,
  DenoiserInput,
  ForwardCost,
  TokenDistributions,
  TokenDraws,
  TokenRule,
  WeightedEntries,
} from "./contracts/denoiser.js";
export { idsUnknownTo } from "./contracts/ids-unknown-to.js";
export type {
  KnownBackends,
  KnownCallbacks,
  KnownCollators,
  KnownDenoisers,
  KnownSamplers,
  KnownSchedules,
  KnownSources,
  KnownTokenizers,
} from "./contracts/known-components.js";
export type { Learner, LearnerReport, LearnerScores, LearnerStep, NamedArray } from "./contracts/learner.js";
export type {
  NoiseCurve,
  NoiseRow,
  NoiseSchedule,
  PerPositionNoise,
} from "./contracts/noise-schedule.js";
export type { RowDraws, Sampler, SamplerDecision, SamplerRow, SamplerSteps } from "./contracts/sampler.js";
export { stepsOf, timesOf } from "./contracts/sampler-clock.js";
export { lossWeight, maskRate, noiseCurves, revealProbability } from "./contracts/schedule-math.js";
export { bothRestrictions, permits, type TokenRestriction } from "./contracts/token-restriction.js";
export type { SpecialTokenIds, Tokenizer } from "./contracts/tokenizer.js";
export type {
  BestModelSaved,
  CallbackSaid,
  CheckpointSaved,
  MaskRateScore,
  SpikeFound,
  TrainingEvent,
  TrainingFinished,
  TrainingStarted,
  TrainingStepFinished,
  ValidationFinished,
  ValidationScores,
} from "./contracts/training-events.js";
export { combineDistributions } from "./distributions/combine-distributions.js";
export { hostDistributions } from "./distributions/host-distributions.js";
export {
  DiffusionError,
  type DiffusionErrorParts,
  type ErrorCode,
  listNames,
} from "./errors/diffusion-error.js";
export { writingFile } from "./errors/writing-file.js";
export { type CandidatesRequest, candidatesAt, type PlaceCandidates } from "./loop/candidates-at.js";
export { banTokens, maskTokens, type TokenBan, unlockTokens } from "./loop/edit-tokens.js";
export type {
  Candidates,
  GenerationEvent,
  GenerationFinished,
  GenerationStarted,
  PositionChange,
  StepFinished,
} from "./loop/events.js";
export { type GenerationState, type RunProgress, stateAfter, stateAtStep } from "./loop/generation-state.js";
export { lockTokens, type TokenLock } from "./loop/lock-tokens.js";
export { type ReverseLoopOptions, reverseLoop } from "./loop/reverse-loop.js";
export type { TokenPlace } from "./loop/token-place.js";
export type { Generation } from "./pipeline/collect-generation.js";
export {
  type CanvasRequest,
  type Gap,
  type GapRange,
  openCanvas,
  type PromptPart,
} from "./pipeline/open-canvas.js";
export { createPipeline, type GenerationRequest, type Pipeline } from "./pipeline/pipeline.js";
export type { PlaceRule, PositionRule, TokenName } from "./pipeline/position-rules.js";
export { Random, type RowRandom } from "./random/random.js";
export { connectPipeline, type RemotePipeline } from "./remote/connect-pipeline.js";
export type { MessageEnd } from "./remote/message-end.js";
export { servePipeline } from "./remote/serve-pipeline.js";
export {
  decodeSafetensors,
  decodeSafetensorsHeader,
  decodeSafetensorsTensor,
  type SafetensorsEntry,
  type SafetensorsHeader,
  safetensorsHeaderEnd,
  safetensorsPrefixBytes,
} from "./safetensors/decode.js";
export {
  encodeSafetensors,
  encodeSafetensorsTensor,
  layoutSafetensors,
  type SafetensorsLayout,
  type SafetensorsOptions,
  type SafetensorsPrecision,
} from "./safetensors/encode.js";
export { compareRuns, type TraceComparison } from "./trace/compare-runs.js";
export {
  type Fork,
  type ForkOptions,
  forkTrace,
  type VerifyOptions,
  verifyTrace,
} from "./trace/fork-trace.js";
export { type ReadTraceOptions, readTrace, type Trace, type TraceEnding } from "./trace/read-trace.js";
export {
  headerLine,
  TRACE_FORMAT,
  type TraceHeader,
  type TraceHeaderParts,
  type TraceParent,
  traceHeader,
  traceHeaderHash,
} from "./trace/trace-header.js";
export { eventLines, traceLines } from "./trace/trace-lines.js";
export { hasWideTokens } from "./trace/trace-tokens.js";
export { assertCanvas, type Canvas, type PositionRestriction } from "./values/canvas.js";
export type { NoisedBatch } from "./values/noised-batch.js";
export { predictorPositions } from "./values/predictor-positions.js";
export type { TokenRow } from "./values/token-row.js";
