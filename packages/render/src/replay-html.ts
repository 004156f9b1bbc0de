import { DiffusionError } from "@textdiffusion/core";
import type { Recording } from "./recording.js";
import { recordingPanel } from "./recording-panel.js";
import { replayControls } from "./replay-controls.js";
import { defineTextDiffusion } from "./replay-element.js";
import { replayStyle } from "./replay-style.js";
import { timelineOf } from "./timeline.js";

export interface ReplayHtmlOptions {
  /** Title of the page. Default: those of the recordings. */
  readonly title?: string;
}

/**
 * A page that replays runs, complete in itself: it loads nothing, so it may be mailed, or opened from a disk without a network. Several
 * recordings stand side by side.
 *
 * @throws DiffusionError `CONFIG_INVALID` without a recording
 */
export function replayHtml(recordings: readonly Recording[], options: ReplayHtmlOptions = {}): string {
  if (recordings.length === 0) {
    throw new DiffusionError({
      code: "CONFIG_INVALID",
      component: "render/html",
      problem: "expected at least one recording, got none",
      remedy: "Record a run first",
    });
  }
  const title = options.title ?? recordings.map(({ title }) => title).join(", ");
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="generator" content="textdiffusion">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>
  :root { color-scheme: light dark; background: light-dark(#f4f5f8, #0e1014); }
  body { margin: 0 auto; padding: clamp(1rem, 4vw, 3rem); max-width: ${recordings.length > 1 ? 84 : 50}rem; }
</style>
<text-diffusion>
<script type="application/json">${jsonInHtml(recordings)}</script>
</text-diffusion>
<script type="module">
(${defineTextDiffusion})({
  panelOf: ${recordingPanel},
  controlsFor: ${replayControls},
  timelineOf: ${timelineOf},
  choosing: null,
  style: ${JSON.stringify(replayStyle)},
});
</script>
</html>
`;
}

// --- internal ---

function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
  return text.replace(/[&<>]/g, (character) => entities[character]);
}

/** A model may write anything, `</script>` too: JSON in which no tag can begin. */
function jsonInHtml(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}
