export { displayWidth, printable, splitGraphemes } from "./display-width.js";
export { type ReplayGifOptions, replayGif } from "./gif/replay-gif.js";
export { type ReplayPngOptions, replayPng } from "./gif/replay-png.js";
export { joinRecordings } from "./join-recordings.js";
export { type PageReducer, type PageState, pageReducer } from "./page-state.js";
export {
  type CellChange,
  type RecordedFrame,
  type Recorder,
  type Recording,
  type RecordingOptions,
  record,
  recordAll,
} from "./recording.js";
export { defineTextDiffusion, type TextDiffusionElement } from "./replay-element.js";
export { type ReplayHtmlOptions, replayHtml } from "./replay-html.js";
export { replayText } from "./replay-text.js";
export type { ReportPoint, TrainingRunRecord } from "./report/run-record.js";
export { readMetrics, trainingReport } from "./report/training-report.js";
export { type CellText, INCOMPLETE, tokenCells } from "./token-cells.js";
export type { TokenDetail, TokenMark, TokenSelectionDetail } from "./token-choosing.js";
