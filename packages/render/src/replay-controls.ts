import type { Colouring } from "./recording-panel.js";
import type { Clock } from "./timeline.js";

/** What a reader asks of a replay. */
export interface ReplayActions {
  /** Plays, or stops. */
  toggle(): void;
  /** Goes to a place in [0, 1]. */
  goTo(place: number): void;
  /** Goes to the next place at which something changes, or the one before. */
  step(by: 1 | -1): void;
  recolour(): void;
  changeClock(): void;
}

/** The bar below a replay. */
export interface ReplayControls {
  readonly element: HTMLElement;
  /** How many times as fast as it was recorded. */
  readonly speed: number;
  readonly clock: Clock;
  readonly colouring: Colouring;
  /** Lays the bar out, with a choice of the clock or without: one recording has none to share. */
  layOut(hasClock: boolean): void;
  /** Says what the button does. */
  nameButton(does: "Play" | "Pause" | "Replay"): void;
  /** @param state - what is seen there, in words */
  showPlace(place: number, state: string): void;
  /** Takes a key that was pressed in the element. */
  onKey(event: KeyboardEvent): void;
}

/**
 * A button, a slider and what can be chosen, of no replay yet.
 *
 * Pages made by `replayHtml` carry the text of this function, so it uses nothing from outside itself but the browser.
 */
export function replayControls(actions: ReplayActions): ReplayControls {
  const button = document.createElement("button");
  button.type = "button";
  button.onclick = () => actions.toggle();
  const slider = document.createElement("input");
  Object.assign(slider, { type: "range", min: "0", max: "1", step: "any" });
  slider.ariaLabel = "Step";
  slider.oninput = () => actions.goTo(Number(slider.value));
  const speed = select("Speed", { "0.25": "¼ ×", "0.5": "½ ×", "1": "1 ×", "2": "2 ×", "4": "4 ×" }, "1");
  const clock = select("Clock", { time: "by time", steps: "by step" }, "time");
  clock.onchange = () => actions.changeClock();
  const colour = select("Colour", { step: "by step", confidence: "by confidence", none: "none" }, "step");
  colour.onchange = () => actions.recolour();
  const labels = { speed: labelled(speed), clock: labelled(clock), colour: labelled(colour) };
  const element = document.createElement("form");
  element.addEventListener("submit", (event) => event.preventDefault());

  return {
    element,
    get speed() {
      return Number(speed.value);
    },
    get clock() {
      return clock.value as Clock;
    },
    get colouring() {
      return colour.value as Colouring;
    },
    layOut(hasClock) {
      const clocks = hasClock ? [labels.clock] : [];
      element.replaceChildren(button, slider, labels.speed, ...clocks, labels.colour);
    },
    nameButton(does) {
      button.textContent = does;
    },
    showPlace(place, state) {
      slider.value = String(place);
      slider.ariaValueText = state;
    },
    onKey(event) {
      const target = event.composedPath()[0];
      const keys: Record<string, () => void> = {
        " ": actions.toggle,
        ArrowRight: () => actions.step(1),
        ArrowLeft: () => actions.step(-1),
        Home: () => actions.goTo(0),
        End: () => actions.goTo(1),
      };
      const taken =
        target instanceof HTMLSelectElement || (target instanceof HTMLButtonElement && event.key === " ");
      if (taken || !Object.hasOwn(keys, event.key)) return;
      event.preventDefault();
      keys[event.key]();
    },
  };

  function select(name: string, options: Readonly<Record<string, string>>, chosen: string) {
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
}
