import { defineTextDiffusion, type Recording, type TextDiffusionElement } from "@textdiffusion/render";
import { tellBackend } from "./backend-details.js";
import { codeSample } from "./code-sample.js";
import { showNumbers } from "./compare/numbers.js";
import { startSecondFields } from "./compare/second-fields.js";
import { startCurves } from "./curves/curves.js";
import type { Continuation } from "./editing/messages.js";
import { startEditing } from "./editing/start-editing.js";
import { saveFile, startKeeping } from "./keeping/keeping.js";
import type { Order, Report } from "./messages.js";
import { addressOf, isNamed, splitModel, withModel } from "./models/model-address.js";
import { startModelPicker } from "./models/model-picker.js";
import type { ModelInfo } from "./models/own-model.js";
import { keepForOffline } from "./offline/offline.js";
import {
  backends,
  defaults,
  hashOf,
  hasSteps,
  type Settings,
  samplers,
  schedules,
  settingsFrom,
} from "./settings.js";
import { startTraces } from "./trace/traces.js";
import { showView, startViews } from "./views.js";

defineTextDiffusion();

const form = find<HTMLFormElement>("settings");
type Field = Exclude<keyof Settings, "second">;
const field = (name: Field) => form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement;
const generate = find<HTMLButtonElement>("generate");
const another = find<HTMLButtonElement>("another");
const view = document.querySelector("text-diffusion") as TextDiffusionElement;
const curves = startCurves(find<HTMLDetailsElement>("curves"));
const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
let writing = false;
let last: readonly Recording[] = [];
let model: ModelInfo | undefined;
/** The model that the address names and that nobody has fetched yet, and the settings that wait for it. */
let asked: { readonly name: string; readonly settings: Settings } | undefined;
let loading = false;
const editing = startEditing({ view, ask: send, goOn: write, say });
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
  open: (files) => traces.open(files),
  take: (own) => send({ kind: "load", model: own, backend: field("backend").value }),
});

const traces = startTraces({
  open(files) {
    problem("");
    send({ kind: "open", traces: files });
  },
  save,
});
const second = startSecondFields(form, {
  first: () => settings(),
  longest: () => longest(),
  fill: (select) => fill(select, samplers),
  changed: settingsChanged,
});

startKeeping({ recordings: () => last, code: () => codeSample(settings(), model), save, problem });
startViews({
  training: async (main) => {
    const { openTraining } = await import("./training/panel.js");
    openTraining(main, (trained) => {
      showView("writing");
      picker.take(trained);
    });
  },
});
fill(field("sampler") as HTMLSelectElement, samplers);
fill(field("schedule") as HTMLSelectElement, schedules);
(field("backend") as HTMLSelectElement).append(...backends.map((name) => new Option(name)));
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
view.addEventListener("frames", showFrames);

worker.onerror = ({ message }) => problem(`The Worker of this page failed: ${message}. Reload the page`);
worker.onmessage = ({ data }: MessageEvent<Report>) => {
  if (data.kind === "loaded") {
    another.disabled = generate.disabled = false;
    generate.textContent = "Generate";
    if (last.length === 0) say("Ready."); // a trace may have been opened before
    void keepForOffline((text) => {
      find("offline").hidden = false;
      find("offline").textContent = text;
    });
  } else if (data.kind === "failed") {
    idle();
    problem(data.message);
  } else if (data.kind === "taken") {
    model = data.model;
    editing.clear();
    picker.taken(model);
    const wanted = asked && isNamed(model, asked.name) ? asked.settings : settings();
    asked = undefined;
    show(wanted);
  } else if (data.kind === "refused") {
    picker.refused(data.message);
  } else if (data.kind === "unread") {
    problem(data.message);
  } else if (data.kind === "inspected" || data.kind === "locks") {
    editing.heard(data);
  } else if (data.kind === "opened") {
    editing.clear();
    view.recordings = data.recordings;
    showRuns(data.recordings);
    say(data.notes.join(" ") || `Replaying ${last.map(({ title }) => title).join(" and ")}.`);
    keep(data.traces, true);
  } else {
    view.follow(data.recordings);
    showRuns(data.recordings);
    editing.follow(data.recordings);
    if (data.kind !== "done") return;
    idle();
    const ends = last.map(({ frames }) => frames.at(-1));
    const passes = ends.map((end) => end?.forwards ?? 0).join(" and ");
    const seconds = ends.map((end) => ((end?.elapsedMs ?? 0) / 1000).toFixed(1)).join(" and ");
    say(`${data.stopped ? "Stopped" : "Written"} after ${passes} passes through the model, ${seconds} s.`);
    tellBackend(find("backend"), data.device, data.passedBy);
    keep(data.traces);
  }
};

function showRuns(recordings: readonly Recording[]): void {
  last = recordings;
  curves.draw(last);
  showFrames();
}

/** Numbers and curves as far as the text is shown. */
function showFrames(): void {
  showNumbers(find<HTMLTableElement>("numbers"), last, view.frames);
  curves.mark(view.frames);
}

/** @param opened - whether the runs were written elsewhere: the settings are not theirs */
function keep(written: readonly string[], opened = false): void {
  traces.keep(written, last);
  find("results").hidden = false;
  for (const id of ["link", "code"]) find(id).hidden = opened;
}

function write(from?: Continuation): void {
  if (!form.reportValidity()) return;
  problem("");
  asked = undefined; // the text is one of the model that is here
  settingsChanged();
  find("results").hidden = true;
  writing = true;
  another.disabled = true;
  generate.textContent = "Stop";
  say("Writing…");
  editing.begin();
  send({ kind: "write", settings: settings(), from });
}

function idle(): void {
  writing = false;
  editing.idle();
  if (loading) return;
  another.disabled = false;
  generate.disabled = false;
  generate.textContent = "Generate";
}

function settings(): Settings {
  const number = (name: Field) => Number(field(name).value);
  return {
    prompt: field("prompt").value,
    sampler: field("sampler").value,
    steps: number("steps"),
    temperature: number("temperature"),
    block: number("block"),
    length: number("length"),
    seed: number("seed"),
    schedule: field("schedule").value,
    backend: field("backend").value,
    second: second.value(),
  };
}

/** Most tokens of a text, and most steps. */
function longest(): number {
  return model?.maxLength ?? defaults.length;
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

function show({ second: beside, ...wanted }: Settings): void {
  const bounded = (["length", "steps", "block"] as const).map((name) => field(name) as HTMLInputElement);
  for (const input of bounded) input.max = String(longest());
  for (const [name, value] of Object.entries(wanted)) field(name as Field).value = String(value);
  for (const input of bounded) if (Number(input.value) > longest()) input.value = input.max;
  second.show(beside, longest());
  settingsChanged();
}

function fill(select: HTMLSelectElement, choices: Readonly<Record<string, string>>): void {
  select.append(...Object.entries(choices).map(([name, words]) => new Option(`${name}: ${words}`, name)));
}

function save(file: Blob, ending: string): void {
  saveFile(file, `textdiffusion-${settings().seed}.${ending}`);
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
