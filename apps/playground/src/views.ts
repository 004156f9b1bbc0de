/** The views of the page, of which one is seen, and what fills one when it is seen first. */
const openers: Readonly<Record<string, (view: HTMLElement) => Promise<void>>> = {
  training: async (view) => (await import("./training/panel.js")).openTraining(view),
};

const buttons = [...document.querySelectorAll<HTMLButtonElement>("nav [data-view]")];
const opened = new Set<string>();

/** Makes the buttons work. The view stands in the address: `?view=training`. */
export function startViews(): void {
  for (const button of buttons) button.onclick = () => show(button.dataset.view as string);
  const asked = new URLSearchParams(location.search).get("view");
  if (asked !== null && buttons.some(({ dataset }) => dataset.view === asked)) show(asked);
}

/** Shows a view. What the others do goes on. */
export function show(name: string): void {
  for (const { dataset } of buttons) viewOf(dataset.view as string).hidden = dataset.view !== name;
  for (const button of buttons) {
    if (button.dataset.view === name) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
  history.replaceState(
    null,
    "",
    `${name === buttons[0].dataset.view ? location.pathname : `?view=${name}`}${location.hash}`,
  );
  if (opened.has(name)) return;
  opened.add(name);
  void openers[name]?.(viewOf(name));
}

// --- internal ---

function viewOf(name: string): HTMLElement {
  return document.getElementById(name) as HTMLElement;
}
