import { areTraces } from "../trace/traces.js";
import { chosenFiles, droppedFiles, type GivenFile, modelFromGiven } from "./given-files.js";
import { fetchHubModel } from "./hub-model.js";
import { messageOf } from "./message-of.js";
import type { ModelInfo, OwnModel } from "./own-model.js";

/** What the picker needs of the page. */
export interface PickerPage {
  /** Nothing can be written until `idle`. */
  busy(label: string): void;
  idle(): void;
  say(text: string): void;
  problem(text: string): void;
  /** Shows traces of runs. */
  open(files: readonly File[]): void;
  /** Has the Worker take a model, by default that of the page. */
  take(model?: OwnModel): void;
}

export interface ModelPicker {
  /** Takes a model, by default that of the page. */
  take(model?: OwnModel): void;
  /** The Worker took a model. */
  taken(model: ModelInfo): void;
  /** It did not, and has the one before. */
  refused(message: string): void;
  /** Names a model of the Hub, which is fetched when somebody presses the button. */
  suggest(name: string): void;
}

/** The part of the page where a model is chosen, and dropped files anywhere on it. */
export function startModelPicker(page: PickerPage): ModelPicker {
  const hubForm = find<HTMLFormElement>("model-hub");
  const fetchButton = find<HTMLButtonElement>("model-fetch");
  const endpoint = document.querySelector<HTMLMetaElement>('meta[name="hub"]')?.content ?? "";
  let shown = "the one that ships";
  let fetching: AbortController | undefined;

  const give = async (given: Promise<readonly GivenFile[]> | readonly GivenFile[]) => {
    try {
      const files = await given;
      if (areTraces(files.map(({ path }) => path))) page.open(files.map(({ file }) => file));
      else take(modelFromGiven(files));
    } catch (error) {
      refused(messageOf(error));
    }
  };
  const take = (model?: OwnModel) => {
    page.problem("");
    page.busy("Loading…");
    page.say(`Loading ${model?.name ?? "the model that ships"}…`);
    page.take(model);
  };
  const refused = (message: string) => {
    page.idle();
    page.problem(`${message}. The page writes with ${shown}, as before`);
  };

  for (const id of ["model-folder", "model-files"]) {
    const input = find<HTMLInputElement>(`${id}-input`);
    find(id).onclick = () => input.click();
    input.onchange = () => {
      void give(chosenFiles(input.files));
      input.value = ""; // the same again is a change, too
    };
  }
  find("model-back").onclick = () => take();
  hubForm.onsubmit = async (event) => {
    event.preventDefault();
    if (fetching) return fetching.abort();
    fetching = new AbortController();
    const name = new FormData(hubForm).get("name") as string;
    page.problem("");
    page.busy("Fetching…");
    page.say(`Asking ${endpoint} for ${name}…`);
    fetchButton.textContent = "Stop";
    try {
      const onProgress = (received: number, total: number) =>
        page.say(`Fetching ${name}: ${megabytes(received)} of ${megabytes(total)} MB…`);
      take(await fetchHubModel(name, { endpoint, signal: fetching.signal, onProgress }));
    } catch (error) {
      refused(messageOf(error));
    } finally {
      fetching = undefined;
      fetchButton.textContent = "Fetch";
    }
  };

  const isForHere = (event: DragEvent) =>
    !event.defaultPrevented && event.dataTransfer?.types.includes("Files") && find("model").checkVisibility();
  addEventListener("dragover", (event) => {
    if (!isForHere(event)) return;
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) document.body.classList.remove("dropping");
  });
  addEventListener("drop", (event) => {
    document.body.classList.remove("dropping");
    if (!event.dataTransfer || !isForHere(event)) return;
    event.preventDefault();
    void give(droppedFiles(event.dataTransfer.items));
  });

  return {
    take,
    refused,
    suggest(name) {
      find<HTMLDetailsElement>("model").open = true;
      (hubForm.elements.namedItem("name") as HTMLInputElement).value = name;
      page.problem(
        `This address is that of a text of ${name}, a model of the Hub. Press Fetch to have it here`,
      );
    },
    taken(model) {
      const isShipped = model.origin === "shipped";
      shown = isShipped ? "the one that ships" : model.name;
      find("model-name").textContent = isShipped ? "the one that ships" : model.name;
      find("model-about").textContent = about(model);
      find("model-back").hidden = isShipped;
      page.idle();
      page.say(`Ready to write with ${shown}.`);
    },
  };
}

// --- internal ---

function about({ origin, revision, kind, sizeBytes, maxLength }: ModelInfo): string {
  const place = {
    shipped: "It lies on this site",
    files: "It stays on this machine",
    hub: `Commit ${revision?.slice(0, 8)} of the Hub`,
  };
  return `${kind}; ${megabytes(sizeBytes)} MB; texts of up to ${maxLength} tokens. ${place[origin]}.`;
}

function megabytes(bytes: number): string {
  const size = bytes / 1e6;
  return size.toFixed(size < 10 ? 1 : 0);
}

function find<Kind extends HTMLElement = HTMLElement>(id: string): Kind {
  return document.getElementById(id) as Kind;
}
