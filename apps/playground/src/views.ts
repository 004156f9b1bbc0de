/** The views of the page, of which one is seen: a `main` for each button of the `nav`. */
const buttons = [...document.querySelectorAll<HTMLButtonElement>("nav [data-view]")];
let toOpen: Readonly<Record<string, (view: HTMLElement) => Promise<void>>> = {};

/**
 * Makes the buttons work. The view stands in the address: `?view=training`.
 *
 * @param openers - what fills a view when it is seen first, by its name
 */
export function startViews(openers: typeof toOpen): void {
  toOpen = openers;
  for (const button of buttons) button.onclick = () => showView(nameOf(button));
  const asked = new URLSearchParams(location.search).get("view");
  if (asked !== null && buttons.map(nameOf).includes(asked)) showView(asked);
}

/** Shows a view. What the others do goes on. */
export function showView(name: string): void {
  for (const button of buttons) {
    const isShown = nameOf(button) === name;
    viewOf(nameOf(button)).hidden = !isShown;
    if (isShown) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
  const search = name === nameOf(buttons[0]) ? location.pathname : `?view=${name}`;
  history.replaceState(null, "", `${search}${location.hash}`);
  const { [name]: open, ...others } = toOpen;
  toOpen = others;
  void open?.(viewOf(name));
}

// --- internal ---

function nameOf(button: HTMLButtonElement): string {
  return button.dataset.view as string;
}

function viewOf(name: string): HTMLElement {
  return document.getElementById(name) as HTMLElement;
}
