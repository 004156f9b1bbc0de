import { defineTextDiffusion, type Recording, replayGif, replayHtml } from "@textdiffusion/render";
import { tellBackend } from "./backend-details.js";
import { codeSample } from "./code-sample.js";
import type { Order, Report } from "./messages.js";
import { addressOf, isNamed, splitModel, withModel } from "./models/model-address.js";
import { startModelPicker } from "./models/model-picker.js";
import type { ModelInfo } from "./models/own-model.js";
import { keepForOffline } from "./offline/offline.js";
import { backends, defaults, hashOf, hasSteps, type Settings, samplers, settingsFrom } from "./settings.js";
import { showView, startViews } from "./views.js";

defineTextDiffusion();

const form = find<HTMLFormElement>("settings");
const field = (name: keyof Settings) => form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement;
const generate = find<HTMLButtonElement>("generate");
const another = find<HTMLButtonElement>("another");
const view = document.querySelector("text-diffusion") as HTMLElement & {
  follow(recordings: readonly Recording[]): void;
};
const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
let writing = false;
let last: Recording | undefined;
let model: ModelInfo | undefined;
/** The model that the address names and that nobody has fetched yet, and the settings that wait for it. */
let asked: { readonly name: string; readonly settings: Settings } | undefined;
let loading = false;
const picker = startModelPicker({
  busy(label) {
    if (writing) send({ kind: "stop" });
    loading = true;
    another.disabled = generate.disabled = true;
    generate.textContent = label;
  },
  idle() {
    loading = false;
    idle();
  },
  say,
  problem,
  take: (own) => send({ kind: "load", model: own, backend: field("backend").value }),
});

startViews({
  training: async (main) => {
    const { openTraining } = await import("./training/panel.js");
    openTraining(main, (trained) => {
      showView("writing");
      picker.take(trained);
    });
  },
});
fill("sampler", Object.keys(samplers), (name) => `${name}: ${samplers[name]}`);
fill("backend", backends, (name) => name);
restore();
addEventListener("hashchange", restore);

form.addEventListener("input", settingsChanged);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (writing) send({ kind: "stop" });
  else write();
});
another.onclick = () => {
  field("seed").value = String(crypto.getRandomValues(new Uint32Array(1))[0] % 1_000_000);
  settingsChanged();
  write();
};
find("link").onclick = (event) => copy(location.href, event);
find("code").onclick = (event) => copy(codeSample(settings(), model), event);
find("html").onclick = () => save(new Blob([replayHtml([last as Recording])], { type: "text/html" }), "html");
find("gif").onclick = () =>
  save(new Blob([replayGif([last as Recording]) as Uint8Array<ArrayBuffer>], { type: "image/gif" }), "gif");

worker.onerror = ({ message }) => problem(`The Worker of this page failed: ${message}. Reload the page`);
worker.onmessage = ({ data }: MessageEvent<Report>) => {
  if (data.kind === "loaded") {
    another.disabled = generate.disabled = false;
    generate.textContent = "Generate";
    say("Ready.");
    void keepForOffline((text) => {
      find("offline").hidden = false;
      find("offline").textContent = text;
    });
  } else if (data.kind === "failed") {
    idle();
    problem(data.message);
  } else if (data.kind === "taken") {
    model = data.model;
    picker.taken(model);
    const wanted = asked && isNamed(model, asked.name) ? asked.settings : settings();
    asked = undefined;
    show(wanted);
  } else if (data.kind === "refused") {
    picker.refused(data.message);
  } else {
    last = data.recording;
    view.follow([last]);
    if (data.kind !== "done") return;
    idle();
    const { forwards = 0, elapsedMs = 0 } = last.frames.at(-1) ?? {};
    say(
      `${data.stopped ? "Stopped" : "Written"} after ${forwards} passes through the model, ${(elapsedMs / 1000).toFixed(1)} s.`,
    );
    tellBackend(find("backend"), data.device, data.passedBy);
    find("results").hidden = false;
  }
};

function write(): void {
  if (!form.reportValidity()) return;
  problem("");
  asked = undefined; // the text is one of the model that is here
  settingsChanged();
  find("results").hidden = true;
  writing = true;
  another.disabled = true;
  generate.textContent = "Stop";
  say("Writing…");
  send({ kind: "write", settings: settings() });
}

function idle(): void {
  writing = false;
  if (loading) return;
  another.disabled = false;
  generate.disabled = false;
  generate.textContent = "Generate";
}

function settings(): Settings {
  const number = (name: keyof Settings) => Number(field(name).value);
  return {
    prompt: field("prompt").value,
    sampler: field("sampler").value,
    steps: number("steps"),
    temperature: number("temperature"),
    length: number("length"),
    seed: number("seed"),
    backend: field("backend").value,
  };
}

/** The address and the sample say what the fields say. */
function settingsChanged(): void {
  field("steps").disabled = !hasSteps(field("sampler").value);
  find("sample").textContent = codeSample(settings(), model);
  history.replaceState(null, "", withModel(asked?.name ?? addressOf(model), hashOf(settings())));
}

function restore(): void {
  const { model: name, rest } = splitModel(location.hash);
  asked = undefined;
  try {
    const isHere = name === undefined || isNamed(model, name);
    const wanted = settingsFrom(rest, isHere ? model?.maxLength : Number.POSITIVE_INFINITY);
    if (!isHere) asked = { name, settings: wanted };
    show(wanted);
    problem("");
    if (asked) picker.suggest(asked.name);
  } catch (error) {
    show(defaults);
    problem((error as Error).message);
  }
}

function show(wanted: Settings): void {
  const longest = model?.maxLength ?? defaults.length;
  for (const name of ["length", "steps"] as const) (field(name) as HTMLInputElement).max = String(longest);
  for (const [name, value] of Object.entries(wanted)) field(name as keyof Settings).value = String(value);
  for (const name of ["length", "steps"] as const) {
    if (Number(field(name).value) > longest) field(name).value = String(longest);
  }
  settingsChanged();
}

function fill(name: keyof Settings, values: readonly string[], label: (value: string) => string): void {
  field(name).append(...values.map((value) => new Option(label(value), value)));
}

async function copy(text: string, event: MouseEvent): Promise<void> {
  const button = event.currentTarget as HTMLButtonElement;
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
    setTimeout(() => {
      button.textContent = label;
    }, 1500);
  } catch {
    problem(
      "This browser lets no page write to the clipboard: copy from the address bar, or from the sample below",
    );
  }
}

function save(blob: Blob, ending: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `textdiffusion-${settings().seed}.${ending}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function say(text: string): void {
  find("state").textContent = text;
}

function problem(text: string): void {
  if (text !== "") say("");
  find("problem").textContent = text;
  find("problem").hidden = text === "";
}

function send(order: Order): void {
  worker.postMessage(order);
}

function find<Kind extends HTMLElement = HTMLElement>(id: string): Kind {
  return document.getElementById(id) as Kind;
}
