import type { Recording } from "./recording.js";
import { type RecordingPanel, recordingPanel } from "./recording-panel.js";
import { replayControls } from "./replay-controls.js";
import { replayStyle } from "./replay-style.js";
import { timelineOf } from "./timeline.js";
import { type TokenChoosing, type TokenMark, tokenChoosing } from "./token-choosing.js";

/** The element `<text-diffusion>`. */
export interface TextDiffusionElement extends HTMLElement {
  recordings: readonly Recording[];
  /** The frame of each recording that is shown; 0 is before the first step. */
  readonly frames: readonly number[];
  /** Whether tokens can be chosen and selected (`tokenChoosing`). Default false; never in pages made by `replayHtml`. */
  choosable: boolean;
  /** What is said of tokens while they can be chosen. */
  marks: readonly TokenMark[];
  /** Shows runs that are still going on. */
  follow(recordings: readonly Recording[]): void;
  /** Goes to the last frame, and along with runs that are still going on. */
  showEnd(): void;
  /** Puts the focus on a token, where they can be chosen. */
  focusToken(recording: number, index: number): void;
  play(): void;
  pause(): void;
}

/** What the element is made of. */
export interface ReplayParts {
  /** Draws a recording. */
  readonly panelOf: typeof recordingPanel;
  /** Makes the bar below. */
  readonly controlsFor: typeof replayControls;
  /** When each frame is seen. */
  readonly timelineOf: typeof timelineOf;
  /** How tokens are chosen; null in pages made by `replayHtml`, where they are not. */
  readonly choosing: typeof tokenChoosing | null;
  /** The style sheet. */
  readonly style: string;
}

const replayParts: ReplayParts = {
  panelOf: recordingPanel,
  controlsFor: replayControls,
  timelineOf,
  choosing: tokenChoosing,
  style: replayStyle,
};

/**
 * Defines the custom element `<text-diffusion>`, which shows recordings: set its property `recordings`, or put their JSON
 * into a `<script type="application/json">` inside it. Several stand side by side and run together.
 *
 * Its property `frames` says which frame of each recording is shown; whenever they change, it tells so by an event of that name.
 *
 * Keys, while the element has the focus: space plays and stops, arrows go a step, Home and End to the ends.
 *
 * Pages made by `replayHtml` carry the text of this function, so it uses nothing from outside itself but the browser
 * and what it is given.
 *
 * @param parts - what it is made of; left out but by such pages
 */
export function defineTextDiffusion({
  panelOf,
  controlsFor,
  timelineOf,
  choosing,
  style,
}: ReplayParts = replayParts): void {
  if (customElements.get("text-diffusion")) return;

  class TextDiffusion extends HTMLElement implements TextDiffusionElement {
    #recordings: readonly Recording[] = [];
    #panels: RecordingPanel[] = [];
    #durationMs = 0;
    /** Where the replay is, in [0, 1]. */
    #place = 0;
    #playing = false;
    #last = 0;
    #following = false;
    /** The frames that the last event told of. */
    #told = "";
    #choosing: TokenChoosing | undefined;
    /** Drawn anew and not yet shown. */
    #isFresh = true;
    #sheet = new CSSStyleSheet(); // pages with a strict policy allow no style element
    #grid = document.createElement("div");
    #controls = controlsFor({
      toggle: () => (this.#playing ? this.pause() : this.play()),
      goTo: (place) => this.#goTo(place),
      step: (by) => this.#step(by),
      recolour: () => this.#show(this.#place),
      changeClock: () => this.#refill(),
    });

    connectedCallback(): void {
      if (this.#recordings.length > 0) return;
      const json = this.querySelector('script[type="application/json"]')?.textContent;
      if (json) this.recordings = JSON.parse(json) as Recording[];
    }

    get recordings(): readonly Recording[] {
      return this.#recordings;
    }

    set recordings(recordings: readonly Recording[]) {
      this.#recordings = recordings;
      this.#following = false;
      this.#build();
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      this.#show(still ? 1 : 0);
      if (!still) this.play();
    }

    get choosable(): boolean {
      return this.#choosing?.active ?? false;
    }

    set choosable(choosable: boolean) {
      if (choosable) this.#choosing ??= choosing?.(this, this.#root, () => this.#panels);
      if (this.#choosing) this.#choosing.active = choosable;
    }

    get marks(): readonly TokenMark[] {
      return this.#choosing?.marks ?? [];
    }

    set marks(marks: readonly TokenMark[]) {
      if (this.#choosing) this.#choosing.marks = marks;
    }

    showEnd(): void {
      this.#goTo(1);
    }

    focusToken(recording: number, index: number): void {
      this.#choosing?.focus(recording, index);
    }

    get frames(): readonly number[] {
      return this.#panels.map(({ frame }) => frame);
    }

    /**
     * Shows runs that are still going on: their last frame as it comes, or the one that the reader went to.
     *
     * @param recordings - what was recorded so far, of the same runs in each call
     */
    follow(recordings: readonly Recording[]): void {
      const isSame = this.#panels.length === recordings.length && this.#following;
      this.#following = true;
      this.#recordings = recordings;
      if (isSame) this.#refill();
      else {
        this.#build();
        this.#show(1);
      }
      if (this.#place >= 1) this.pause();
    }

    play(): void {
      if (this.#place >= 1) this.#show(0);
      this.#playing = true;
      this.#last = performance.now();
      this.#controls.nameButton("Pause");
      requestAnimationFrame(this.#tick);
    }

    pause(): void {
      this.#playing = false;
      this.#controls.nameButton(this.#place >= 1 ? "Replay" : "Play");
    }

    #tick = (now: number): void => {
      if (!this.#playing || !this.isConnected) return;
      // The first frame may have begun before "play" was asked for.
      const passed = (Math.max(0, now - this.#last) * this.#controls.speed) / this.#durationMs;
      this.#last = now;
      this.#show(Math.min(1, this.#place + passed));
      if (this.#place >= 1) this.pause();
      else requestAnimationFrame(this.#tick);
    };

    #show(place: number): void {
      this.#place = place;
      for (const panel of this.#panels) panel.show(place, this.#controls.colouring);
      this.#controls.showPlace(place, this.#panels.map((panel) => panel.state).join("; "));
      const told = String(this.frames);
      if (told !== this.#told || this.#isFresh) this.#choosing?.refresh();
      this.#isFresh = false;
      if (told === this.#told) return;
      this.#told = told;
      this.dispatchEvent(new Event("frames"));
    }

    get #root(): ShadowRoot {
      return this.shadowRoot ?? this.attachShadow({ mode: "open" });
    }

    /** To the next place at which something changes, or the one before. */
    #step(by: 1 | -1): void {
      const places = this.#panels.flatMap((panel) => panel.places).sort((a, b) => a - b);
      const next =
        by > 0 ? places.find((each) => each > this.#place) : places.findLast((each) => each < this.#place);
      this.#goTo(next ?? this.#place);
    }

    #goTo(place: number): void {
      this.#show(place);
      this.pause();
    }

    /** Draws the recordings anew, at the frames that were seen, which may lie elsewhere on the clock now. */
    #refill(): void {
      const frames = this.#panels.map((panel) => panel.frameAt(this.#place));
      this.#fill();
      const places = this.#panels.map((panel, index) => panel.places[frames[index]]);
      this.#show(this.#place >= 1 ? 1 : Math.max(...places));
    }

    #fill(): void {
      const { places, durationMs } = timelineOf(this.#recordings, this.#controls.clock);
      this.#durationMs = durationMs;
      this.#isFresh = true;
      this.#panels = this.#recordings.map((recording, panel) => panelOf(recording, places[panel]));
      this.#grid.replaceChildren(...this.#panels.map(({ element }) => element));
    }

    #build(): void {
      const root = this.#root;
      this.#sheet.replaceSync(style);
      root.adoptedStyleSheets = [this.#sheet];
      this.#grid.className = "panels";
      this.#fill();
      this.#controls.layOut(this.#recordings.length > 1);
      root.replaceChildren(this.#grid, this.#controls.element);
      this.onkeydown = this.#controls.onKey;
      if (!this.hasAttribute("tabindex")) this.tabIndex = 0;
    }
  }

  customElements.define("text-diffusion", TextDiffusion);
}
