import { hasSteps, type SamplerSettings } from "../settings.js";

/** The fields of a second sampler, which are there while there is one. */
export interface SecondFields {
  /** undefined while there is none. */
  value(): SamplerSettings | undefined;
  /** @param longest - most steps, most tokens of a block */
  show(second: SamplerSettings | undefined, longest: number): void;
}

/** What they need of the page. */
export interface SecondFieldsPage {
  /** What the first sampler is, of which the second is a copy at first, but for its name. */
  first(): SamplerSettings;
  /** Most steps, most tokens of a block. */
  longest(): number;
  /** Puts the choices into a list of samplers. */
  fill(select: HTMLSelectElement): void;
  /** They came or went. */
  changed(): void;
}

/** Makes the button work that brings them and takes them away. */
export function startSecondFields(form: HTMLFormElement, page: SecondFieldsPage): SecondFields {
  const button = document.getElementById("compare") as HTMLButtonElement;
  const template = document.getElementById("second") as HTMLTemplateElement;
  let fieldset: HTMLFieldSetElement | undefined;
  const field = (name: keyof SamplerSettings) =>
    form.elements.namedItem(`${name}2`) as HTMLInputElement | HTMLSelectElement;

  const show: SecondFields["show"] = (second, longest) => {
    if (second === undefined) {
      fieldset?.remove();
      fieldset = undefined;
    } else {
      if (fieldset === undefined) {
        fieldset = (template.content.cloneNode(true) as DocumentFragment)
          .firstElementChild as HTMLFieldSetElement;
        page.fill(fieldset.querySelector("select") as HTMLSelectElement);
        form.querySelector(".actions")?.before(fieldset);
      }
      for (const name of ["steps", "block"] as const) (field(name) as HTMLInputElement).max = String(longest);
      for (const [name, value] of Object.entries(second)) {
        field(name as keyof SamplerSettings).value = String(
          typeof value === "number" ? Math.min(value, longest) : value,
        );
      }
      field("steps").disabled = !hasSteps(second.sampler);
    }
    button.textContent = second === undefined ? "Compare…" : "One alone";
  };
  button.onclick = () => {
    const { sampler, steps, temperature, block } = page.first();
    const other = { sampler: sampler === "confidence" ? "random" : "confidence", steps, temperature, block };
    show(fieldset ? undefined : other, page.longest());
    page.changed();
    if (fieldset) field("sampler").focus();
  };
  form.addEventListener("input", () => {
    if (fieldset) field("steps").disabled = !hasSteps(field("sampler").value);
  });
  return {
    show,
    value: () =>
      fieldset && {
        sampler: field("sampler").value,
        steps: Number(field("steps").value),
        temperature: Number(field("temperature").value),
        block: Number(field("block").value),
      },
  };
}
