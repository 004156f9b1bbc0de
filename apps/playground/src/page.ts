import { defineTextDiffusion, type Recording, type TextDiffusionElement } from "@textdiffusion/render";
import { tellBackend } from "./backend-details.js";
import { codeSample } from "./code-sample.js";
import { showNumbers } from "./compare/numbers.js";
import { startSecondFields } from "./compare/second-fields.js";
import { startCurves } from "./curves/curves.js";
import { EditedText } from "./editing/edited-text.js";
import type { Continuation } from "./editing/messages.js";
import { startEditing } from "./editing/start-editing.js";
import { longestAddress, splitTurns } from "./editing/turns-in-address.js";
import { saveFile, startKeeping } from "./keeping/keeping.js";
import type { Order, Report } from "./messages.js";
import { addressOf, isNamed, splitModel, withModel } from "./models/model-address.js";
import { startModelPicker } from "./models/model-picker.js";
import type { ModelInfo } from "./models/own-model.js";
import { keepForOffline } from "./offline/offline.js";
import {
  backends,
  defaults,
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
const edited = new EditedText();
const editing = startEditing({
  view,
  ask: send,
  goOn(from) {
    edited.want([]);
    write(from);
  },
  say,
});
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
  changed: settingsEdited,
});

startKeeping({ recordings: () => last, link, code: () => codeSample(settings(), model), save, problem });
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

form.addEventListener("input", settingsEdited);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (writing) send({ kind: "stop" });
  else write();
});
another.onclick = () => {
  field("seed").value = String(crypto.getRandomValues(new Uint32Array(1))[0] % 1_000_000);
  settingsEdited();
  write();
};
view.addEventListener("frames", showFrames);

worker.onerror = ({ message }) => problem(`The Worker of this page failed: ${message}. Reload the page`);
worker.onmessage = ({ data }: MessageEvent<Report>) => {
  if (data.kind === "loaded") {
    another.disabled = generate.disabled = false;
    generate.textContent = "Generate";
    // A trace may have been opened before.
    if (last.length === 0)
      say(edited.isWanted ? "Ready. The text of this link was edited by hand." : "Ready.");
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
    edited.forget();
    picker.taken(model);
    const isAsked = asked && isNamed(model, asked.name);
    const wanted = isAsked && asked ? asked.settings : settings();
    if (!isAsked) edited.want([]);
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
    edited.forget();
    view.recordings = data.recordings;
    showRuns(data.recordings);
    say(data.notes.join(" ") || `Replaying ${last.map(({ title }) => title).join(" and ")}.`);
    keep(data.traces, true);
  } else {
    view.follow(data.recordings);
    showRuns(data.recordings);
    editing.follow(data.recordings);
    if (data.kind !== "done") return;
    const next = edited.done();
    if (next && !data.stopped && goesOn(next.from)) return write(next.from, next.settings);
    if (edited.address() !== undefined) showAddress(link() ?? location.href);
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

function write(from?: Continuation, chosen = settings()): void {
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
  edited.begin(chosen, from);
  send({ kind: "write", settings: chosen, from });
}

/** Whether what an address wants can go on from what is shown. */
function goesOn({ frame }: Continuation): boolean {
  const { length } = last[0].frames;
  if (last.length === 1 && frame <= length) return true;
  problem(
    last.length > 1
      ? "Expected one sampler in an address with edits, got two"
      : `Expected edits in the address at a step from 0 to ${length}, got ${frame}`,
  );
  return false;
}

/** The address that writes what is shown again, edits included; undefined, and said, where it would be too long. */
function link(): string | undefined {
  const rest = edited.address();
  if (rest === undefined) return location.href;
  const made = new URL(withModel(addressOf(model), rest), location.href).href;
  if (made.length <= longestAddress) return made;
  problem(
    `Expected a link of at most ${longestAddress} characters, got ${made.length} with these edits. Save the trace instead`,
  );
  return undefined;
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

/** What was wanted besides belonged to other settings. */
function settingsEdited(): void {
  edited.want([]);
  settingsChanged();
}

/** The address and the sample say what the fields say. */
function settingsChanged(): void {
  field("steps").disabled = !hasSteps(field("sampler").value);
  find("sample").textContent = codeSample(settings(), model);
  showAddress(withModel(asked?.name ?? addressOf(model), edited.addressOf(settings())));
}

function showAddress(address: string): void {
  history.replaceState(null, "", address);
}

function restore(): void {
  const { model: name, rest } = splitModel(location.hash);
  asked = undefined;
  edited.want([]);
  try {
    const isHere = name === undefined || isNamed(model, name);
    const most = isHere ? longest() : Number.POSITIVE_INFINITY;
    const { turns, rest: others } = splitTurns(rest, most);
    const wanted = settingsFrom(others, most);
    edited.want(turns);
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
