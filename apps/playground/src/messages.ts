import type { PassedBy } from "@textdiffusion/backend-web";
import type { Recording } from "@textdiffusion/render";
import type { WrittenRuns } from "./compare/write-runs.js";
import type { Continuation, Inspection, InspectOrder, LocksReport } from "./editing/messages.js";
import type { ModelInfo, OwnModel } from "./models/own-model.js";
import type { Settings } from "./settings.js";
import type { OpenedTraces } from "./trace/read-traces.js";

/** What the page asks of its Worker. */
export type Order =
  | {
      readonly kind: "write";
      readonly settings: Settings;
      /** What is shown goes on from here, with the first sampler. Default a new text. */
      readonly from?: Continuation;
    }
  | InspectOrder
  | { readonly kind: "stop" }
  /** Show what was written elsewhere or before. */
  | { readonly kind: "open"; readonly traces: readonly File[] }
  /** Take another model, by default that of the page. */
  | { readonly kind: "load"; readonly model?: OwnModel; readonly backend: string };

/** What the Worker tells the page. */
export type Report =
  | { readonly kind: "loaded" }
  | { readonly kind: "step"; readonly recordings: readonly Recording[] }
  | ({
      readonly kind: "done";
      readonly stopped: boolean;
      readonly device: string;
      /** Backends that this browser could not or should not use, and why. */
      readonly passedBy: readonly PassedBy[];
    } & WrittenRuns)
  | ({ readonly kind: "opened" } & OpenedTraces)
  | { readonly kind: "unread"; readonly message: string }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "taken"; readonly model: ModelInfo }
  | { readonly kind: "refused"; readonly message: string }
  | Inspection
  | LocksReport;
