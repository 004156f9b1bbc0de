import type { PassedBy } from "@textdiffusion/backend-web";

/** Tells what computed, and why nothing else did. */
export function tellBackend(details: HTMLElement, device: string, passedBy: readonly PassedBy[]): void {
  details.hidden = false;
  (details.querySelector("summary") as HTMLElement).textContent = `Computed on ${device}.`;
  const reasons = passedBy.map(({ name, reason }) => {
    const item = document.createElement("li");
    item.textContent = `Not on ${name}: ${reason}`;
    return item;
  });
  details.querySelector("ul")?.replaceChildren(...reasons);
}
