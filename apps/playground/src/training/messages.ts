import type { PassedBy } from "@textdiffusion/backend-web";
import type { ModelFiles } from "@textdiffusion/models";
import type { TrainingEvent } from "@textdiffusion/training/web";
import type { TrainingSettings } from "./settings.js";

/** What the page asks of the Worker that trains. A Worker trains one model. */
export type TrainingOrder =
  | { readonly kind: "train"; readonly text: string; readonly settings: TrainingSettings }
  | { readonly kind: "pause" | "go on" | "stop" | "save" };

/** A Hugging Face folder. */
export type TrainedFiles = ModelFiles & {
  readonly "tokenizer.json": string;
  readonly "tokenizer_config.json": string;
  readonly "textdiffusion.json": string;
};

/** What the Worker tells the page. */
export type TrainingReport =
  | { readonly kind: "opened"; readonly device: string; readonly passedBy: readonly PassedBy[] }
  | { readonly kind: "event"; readonly event: TrainingEvent }
  /** What the model writes after so many steps; the same seed each time. */
  | { readonly kind: "sample"; readonly step: number; readonly text: string }
  | { readonly kind: "paused"; readonly step: number }
  | { readonly kind: "files"; readonly files: TrainedFiles }
  | { readonly kind: "failed"; readonly message: string };
