import type { Recording } from "./recording.js";
import { type Clock, timelineOf } from "./timeline.js";
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
 * @param timeline - when each frame is seen; left out but by such pages
 * @param choosing - how tokens are chosen; null in such pages, where they are not
 */
export function defineTextDiffusion(
  timeline: typeof timelineOf = timelineOf,
  choosing: typeof tokenChoosing | null = tokenChoosing,
): void {
  if (customElements.get("text-diffusion")) return;

  const style = `
    :host { display: block; color-scheme: light dark; --ink: light-dark(#1d2026, #e6e7ea); --soft: light-dark(#667, #9aa0ac);
      --paper: light-dark(#fff, #16181d); --line: light-dark(#dfe2e8, #2c3038); --mask: light-dark(#dde1ea, #2b303b);
      --fresh: light-dark(#ffe9a8, #5a4708); --accent: light-dark(#3457d5, #8ea6ff);
      color: var(--ink); font: 16px/1.7 system-ui, sans-serif; }
    .panels { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); }
    section { background: var(--paper); border: 1px solid var(--line); border-radius: 12px; padding: 1rem 1.25rem; min-width: 0; }
    h2 { font-size: .95rem; margin: 0; display: inline; }
    .state { color: var(--soft); font-size: .85rem; font-variant-numeric: tabular-nums; margin-inline-start: .75rem; }
    .bar { height: 3px; border-radius: 2px; background: var(--line); margin: .6rem 0 .9rem; overflow: hidden; }
    .bar div { height: 100%; background: var(--accent); }
    p { margin: 0 0 .8rem; white-space: pre-wrap; overflow-wrap: anywhere; }
    p:last-child { margin: 0; }
    p.narrow { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: .95rem; word-break: break-all; }
    p.whole { word-break: normal; }
    .given { color: var(--soft); }
    .mask { background: var(--mask); border-radius: 4px; color: transparent; user-select: none; margin-inline: .5px; }
    .wide .mask { margin-inline: 2px; display: inline-block; line-height: 1.2; }
    .fresh { background: var(--fresh); border-radius: 3px; }
    [role="button"] { cursor: pointer; }
    form { display: flex; flex-wrap: wrap; gap: .6rem .9rem; align-items: center; margin-top: .9rem; color: var(--soft); font-size: .85rem; }
    button, select { font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: .35rem .8rem; }
    button { min-width: 5.5rem; cursor: pointer; }
    input { flex: 1 1 12rem; accent-color: var(--accent); }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
    :host(:focus-visible) { outline: 2px solid var(--accent); outline-offset: 8px; border-radius: 8px; }
  `;

  /** How a cell looks in each frame from which on it does. */
  interface Moment {
    readonly frame: number;
    readonly text: string | null;
    readonly probability?: number;
  }

  class TextDiffusion extends HTMLElement implements TextDiffusionElement {
    #recordings: readonly Recording[] = [];
    #panels: Panel[] = [];
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
    #slider = document.createElement("input");
    #button = document.createElement("button");
    #speed = select("Speed", { "0.25": "¼ ×", "0.5": "½ ×", "1": "1 ×", "2": "2 ×", "4": "4 ×" }, "1");
    #clock = select("Clock", { time: "by time", steps: "by step" }, "time");
    #colour = select("Colour", { step: "by step", confidence: "by confidence", none: "none" }, "step");

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
      this.#button.textContent = "Pause";
      requestAnimationFrame(this.#tick);
    }

    pause(): void {
      this.#playing = false;
      this.#button.textContent = this.#place >= 1 ? "Replay" : "Play";
    }

    #tick = (now: number): void => {
      if (!this.#playing || !this.isConnected) return;
      // The first frame may have begun before "play" was asked for.
      const passed = (Math.max(0, now - this.#last) * Number(this.#speed.value)) / this.#durationMs;
      this.#last = now;
      this.#show(Math.min(1, this.#place + passed));
      if (this.#place >= 1) this.pause();
      else requestAnimationFrame(this.#tick);
    };

    #show(place: number): void {
      this.#place = place;
      for (const panel of this.#panels) panel.show(place, this.#colour.value);
      this.#slider.value = String(place);
      this.#slider.ariaValueText = this.#panels.map((panel) => panel.state).join("; ");
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
      const { places, durationMs } = timeline(this.#recordings, this.#clock.value as Clock);
      this.#durationMs = durationMs;
      this.#isFresh = true;
      this.#panels = this.#recordings.map((recording, panel) => new Panel(recording, places[panel]));
      this.#grid.replaceChildren(...this.#panels.map(({ element }) => element));
    }

    #build(): void {
      const root = this.#root;
      this.#sheet.replaceSync(style);
      root.adoptedStyleSheets = [this.#sheet];
      this.#grid.className = "panels";
      this.#fill();

      const form = document.createElement("form");
      form.addEventListener("submit", (event) => event.preventDefault());
      this.#button.type = "button";
      this.#button.onclick = () => (this.#playing ? this.pause() : this.play());
      Object.assign(this.#slider, { type: "range", min: "0", max: "1", step: "any" });
      this.#slider.ariaLabel = "Step";
      this.#slider.oninput = () => this.#goTo(Number(this.#slider.value));
      this.#colour.onchange = () => this.#show(this.#place);
      this.#clock.onchange = () => this.#refill();
      const clock = this.#recordings.length > 1 ? [labelled(this.#clock)] : [];
      form.append(this.#button, this.#slider, labelled(this.#speed), ...clock, labelled(this.#colour));
      root.replaceChildren(this.#grid, form);
      this.onkeydown = (event) => {
        const target = event.composedPath()[0];
        const actions: Record<string, () => void> = {
          " ": () => (this.#playing ? this.pause() : this.play()),
          ArrowRight: () => this.#step(1),
          ArrowLeft: () => this.#step(-1),
          Home: () => this.#goTo(0),
          End: () => this.#goTo(1),
        };
        const taken =
          target instanceof HTMLSelectElement || (target instanceof HTMLButtonElement && event.key === " ");
        if (taken || !Object.hasOwn(actions, event.key)) return;
        event.preventDefault();
        actions[event.key]();
      };
      if (!this.hasAttribute("tabindex")) this.tabIndex = 0;
    }
  }

  /** One recording on the page. */
  class Panel {
    readonly element = document.createElement("section");
    /** The frame that is shown. */
    frame = 0;
    /** The same in words. */
    state = "";
    /** Where each frame begins, in [0, 1]. */
    readonly places: readonly number[];
    readonly recording: Recording;
    readonly #moments: Moment[][];
    readonly cells: readonly HTMLSpanElement[];
    readonly #rows: HTMLParagraphElement[];
    readonly #status = document.createElement("span");
    readonly #bar = document.createElement("div");
    #shown = "";

    constructor(recording: Recording, places: readonly number[]) {
      this.recording = recording;
      this.places = places;
      this.#moments = recording.cells.map((text) => [{ frame: 0, text }]);
      recording.frames.forEach(({ changes }, step) => {
        for (const [index, text, probability] of changes)
          this.#moments[index].push({ frame: step + 1, text, probability });
      });
      const title = document.createElement("h2");
      title.textContent = recording.title;
      this.#status.className = "state";
      const track = document.createElement("div");
      track.className = "bar";
      track.append(this.#bar);
      this.cells = recording.cells.map(() => document.createElement("span"));
      this.#rows = Array.from({ length: recording.batch }, (_, row) => {
        const paragraph = document.createElement("p");
        paragraph.append(...this.cells.slice(row * recording.seq, (row + 1) * recording.seq));
        return paragraph;
      });
      this.element.append(title, this.#status, track, ...this.#rows);
    }

    show(place: number, colour: string): void {
      const { frames, cells, given, wideTokens } = this.recording;
      const frame = this.frameAt(place);
      const key = `${frame} ${colour}`;
      if (key === this.#shown) return;
      this.#shown = key;
      this.frame = frame;
      const last = frames.length;
      const done = frame === last && (frames[last - 1]?.masked ?? 0) === 0;
      for (const row of this.#rows) {
        row.className = `${wideTokens ? "wide" : "narrow"}${done ? " whole" : ""}`;
      }
      this.cells.forEach((span, index) => {
        const moments = this.#moments[index];
        let now = moments[0];
        for (const moment of moments) if (moment.frame <= frame) now = moment;
        if (now.text === null) {
          span.className = "mask";
          span.style.color = "";
          span.textContent = wideTokens ? "mask" : "·";
          return;
        }
        const fresh = now.frame > 0 && now.frame === frame && !done;
        span.className = given[index] ? "given" : fresh ? "fresh" : "";
        span.style.color = given[index] || now.frame === 0 ? "" : colourOf(now, last, colour);
        span.textContent =
          done || given[index] ? now.text : now.text.replaceAll("\n", wideTokens ? "↵\n" : "↵");
      });
      const masked = frame === 0 ? cells.filter((text) => text === null).length : frames[frame - 1].masked;
      const { forwards, elapsedMs } = frame === 0 ? { forwards: 0, elapsedMs: undefined } : frames[frame - 1];
      const parts = [`step ${frame} of ${last}`, `${masked} masked`, `${forwards} forwards`];
      if (frame > 0 && frames[frame - 1].edited) parts.push("edited");
      if (elapsedMs !== undefined) parts.push(`${(elapsedMs / 1000).toFixed(1)} s`);
      this.state = parts.join(", ");
      this.#status.textContent = parts.join(" · ");
      this.#bar.style.width = `${(100 * frame) / Math.max(1, last)}%`;
    }

    /** The frame that is seen at a place. */
    frameAt(place: number): number {
      return place >= 1 ? this.places.length - 1 : this.places.findLastIndex((each) => each <= place);
    }
  }

  /** Early steps are blue, late ones red; what was unlikely is red, what was sure is green. */
  function colourOf({ frame, probability }: Moment, last: number, colour: string): string {
    if (colour === "none" || (colour === "confidence" && probability === undefined)) return "";
    const hue =
      colour === "step" ? 215 + (145 * (frame - 1)) / Math.max(1, last - 1) : 10 + 130 * (probability ?? 0);
    return `light-dark(hsl(${hue} 75% 36%), hsl(${hue} 80% 75%))`;
  }

  function select(
    name: string,
    options: Readonly<Record<string, string>>,
    chosen: string,
  ): HTMLSelectElement {
    const element = document.createElement("select");
    element.ariaLabel = name;
    element.append(
      ...Object.entries(options).map(
        ([value, label]) => new Option(label, value, value === chosen, value === chosen),
      ),
    );
    return element;
  }

  function labelled(element: HTMLSelectElement): HTMLLabelElement {
    const label = document.createElement("label");
    label.append(`${element.ariaLabel} `, element);
    return label;
  }

  customElements.define("text-diffusion", TextDiffusion);
}
