import type { PassedBy } from "@textdiffusion/backend-web";
import type { Recording } from "@textdiffusion/render";
import type { ModelInfo, OwnModel } from "./models/own-model.js";
import type { Settings } from "./settings.js";

/** What the page asks of its Worker. */
export type Order =
  | { readonly kind: "write"; readonly settings: Settings }
  | { readonly kind: "stop" }
  /** Take another model, by default that of the page. */
  | { readonly kind: "load"; readonly model?: OwnModel; readonly backend: string };

/** What the Worker tells the page. */
export type Report =
  | { readonly kind: "loaded" }
  | { readonly kind: "step"; readonly recording: Recording }
  | {
      readonly kind: "done";
      readonly recording: Recording;
      readonly stopped: boolean;
      readonly device: string;
      /** Backends that this browser could not or should not use, and why. */
      readonly passedBy: readonly PassedBy[];
    }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "taken"; readonly model: ModelInfo }
  | { readonly kind: "refused"; readonly message: string };
