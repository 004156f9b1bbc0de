/** The page's side of training: its fields, and what the Worker tells. */
import sampleText from "../../../../examples/fables/fables.txt?url";
import { tellBackend } from "../backend-details.js";
import { saveFile } from "../keeping/keeping.js";
import type { OwnModel } from "../models/own-model.js";
import { backends } from "../settings.js";
import { drawLosses, type LossPoint } from "./loss-curve.js";
import type { TrainedFiles, TrainingOrder, TrainingReport } from "./messages.js";
import markup from "./panel.html?raw";
import { configOf, sizes, type TrainingSettings } from "./settings.js";
import { readTextFile } from "./text-file.js";
import { modelOf, zipOf } from "./trained-files.js";

/**
 * Fills the view. Once in the life of the page.
 *
 * @param writeWith - shows the other view, and has it take a model
 */
export function openTraining(view: HTMLElement, writeWith: (model: OwnModel) => void): void {
  view.innerHTML = markup;
  const find = <Kind extends HTMLElement = HTMLElement>(id: string) =>
    view.querySelector(`#training-${id}`) as Kind;
  const form = find<HTMLFormElement>("settings");
  const fields = form.querySelector("fieldset") as HTMLFieldSetElement;
  const what = find<HTMLDetailsElement>("what");
  const field = (name: keyof TrainingSettings | "text") => form.elements.namedItem(name) as HTMLInputElement;
  const [start, stop, save, write] = ["start", "stop", "save", "write"].map((id) =>
    find<HTMLButtonElement>(id),
  );
  const progress = find<HTMLProgressElement>("progress");
  const picture = view.querySelector("svg") as SVGSVGElement;

  let worker: Worker | undefined;
  let phase: "idle" | "training" | "pausing" | "paused" = "idle";
  let [pausedAt, pausedMs] = [0, 0];
  let useFiles: (files: TrainedFiles) => void = () => {};
  let learnt: LossPoint[] = [];
  let heldOut: LossPoint[] = [];

  for (const name of Object.keys(sizes)) field("size").append(new Option(name));
  for (const name of backends) field("backend").append(new Option(name));
  for (const [name, value] of Object.entries(defaults))
    field(name as keyof TrainingSettings).value = String(value);
  settingsChanged();

  form.addEventListener("input", settingsChanged);
  form.addEventListener("invalid", () => (what.open = true), true); // so that the field can be seen
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (phase === "idle") begin();
    else if (phase === "training") pause();
    else if (phase === "paused") goOn();
  });
  stop.onclick = () => {
    send({ kind: "stop" });
    stop.disabled = true;
    say("Stopping after this step…");
  };
  save.onclick = () => ask((files) => saveAs("trained-model.zip", zipOf(files)));
  write.onclick = () => ask((files) => writeWith(modelOf(files)));
  find("sample").onclick = () =>
    attempt(async () => {
      const response = await fetch(sampleText);
      if (!response.ok)
        throw new RangeError(`Expected the sample text, got ${response.status}. Reload the page`);
      setText(await response.text());
    });
  find<HTMLInputElement>("file").onchange = (event) => {
    const input = event.currentTarget as HTMLInputElement;
    const [file] = input.files ?? [];
    if (file) void attempt(async () => setText(await readTextFile(file)));
    input.value = ""; // so that the same file can be chosen again
  };
  view.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files") || phase !== "idle") return;
    event.preventDefault();
    view.classList.add("dropping");
  });
  view.addEventListener("dragleave", () => view.classList.remove("dropping"));
  view.addEventListener("drop", (event) => {
    view.classList.remove("dropping");
    const [file] = event.dataTransfer?.files ?? [];
    if (!file) return;
    event.preventDefault();
    if (phase === "idle") void attempt(async () => setText(await readTextFile(file)));
  });
  addEventListener("beforeunload", (event) => {
    if (phase !== "idle") event.preventDefault();
  });
  new ResizeObserver(draw).observe(picture);

  function begin(): void {
    problem("");
    worker?.terminate();
    worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    worker.onerror = ({ message }) => failed(`The Worker that trains failed: ${message}. Reload the page`);
    worker.onmessage = ({ data }: MessageEvent<TrainingReport>) => hear(data);
    [learnt, heldOut] = [[], []];
    find("samples").replaceChildren();
    find("figures").textContent = "";
    progress.value = 0;
    progress.max = settings().steps;
    enter("training");
    pausedMs = 0;
    what.open = false; // makes room for what comes of it
    canBeUsed(false);
    say("Making a model…");
    send({ kind: "train", text: field("text").value, settings: settings() });
  }

  function pause(): void {
    enter("pausing");
    say("Pausing after this step…");
    send({ kind: "pause" });
  }

  function goOn(): void {
    enter("training");
    say("Training…");
    send({ kind: "go on" });
  }

  /** Asks for the model as it is now. */
  function ask(use: typeof useFiles): void {
    useFiles = use;
    canBeUsed(false);
    send({ kind: "save" });
  }

  function canBeUsed(can: boolean): void {
    save.disabled = write.disabled = !can;
  }

  function hear(report: TrainingReport): void {
    if (report.kind === "failed") failed(report.message);
    else if (report.kind === "files") {
      canBeUsed(true);
      useFiles(report.files);
    } else if (report.kind === "sample") addSample(report.step, report.text);
    else if (report.kind === "opened") {
      tellBackend(find("backend"), report.device, report.passedBy);
      find("course").hidden = false;
      say("Training…");
    } else if (report.kind === "paused") {
      enter("paused");
      say(`Paused after step ${report.step}.`);
    } else tell(report.event);
  }

  function tell(event: Extract<TrainingReport, { kind: "event" }>["event"]): void {
    const { step } = event;
    if (event.kind === "started") {
      canBeUsed(true);
      find("figures").textContent =
        `${event.parameterCount.toLocaleString("en")} weights, ${event.rowCount} rows of text`;
    } else if (event.kind === "step") {
      learnt.push({ step, bits: event.lossNats / Math.LN2 });
      progress.value = step;
      const recent = learnt.slice(-20);
      const left = ((event.elapsedMs - pausedMs) / step) * (event.steps - step);
      find("figures").textContent = [
        `Step ${step} of ${event.steps}`,
        `${(recent.reduce((sum, { bits }) => sum + bits, 0) / recent.length).toFixed(2)} bits a byte`,
        `${Math.round(event.tokensPerSecond).toLocaleString("en")} bytes a second`,
        `${event.epoch?.toFixed(1)} times through the text`,
        ...(left > 0 ? [`${inWords(left)} left`] : []),
      ].join(" · ");
      draw();
    } else if (event.kind === "validation") {
      heldOut.push({ step, bits: event.boundNats / Math.LN2 });
      draw();
    } else if (event.kind === "finished") {
      enter("idle");
      const done = event.reason === "aborted" ? "Stopped" : "Trained";
      say(`${done} after step ${step} of ${event.steps}, ${inWords(event.elapsedMs - pausedMs)}.`);
    }
  }

  let isDrawing = false;
  function draw(): void {
    if (isDrawing || learnt.length + heldOut.length === 0) return;
    isDrawing = true;
    requestAnimationFrame(() => {
      isDrawing = false;
      drawLosses(picture, { learnt, heldOut }, progress.max);
    });
  }

  function addSample(step: number, text: string): void {
    const [item, label, words] = ["li", "span", "p"].map((name) => document.createElement(name));
    label.textContent = `after step ${step}`;
    words.textContent = text;
    item.append(label, words);
    find("samples").prepend(item);
  }

  function enter(next: typeof phase): void {
    if (phase === "paused") pausedMs += performance.now() - pausedAt;
    if (next === "paused") pausedAt = performance.now();
    phase = next;
    fields.disabled = phase !== "idle";
    start.disabled = phase === "pausing";
    stop.disabled = phase === "idle";
    start.textContent = { idle: "Train", training: "Pause", pausing: "Pause", paused: "Go on" }[phase];
  }

  function failed(message: string): void {
    worker?.terminate();
    worker = undefined;
    enter("idle");
    what.open = true;
    canBeUsed(false);
    say("");
    problem(message);
  }

  function settings(): TrainingSettings {
    const number = (name: keyof TrainingSettings) => Number(field(name).value);
    return {
      size: field("size").value,
      rowLength: number("rowLength"),
      steps: number("steps"),
      batchSize: number("batchSize"),
      learningRate: number("learningRate"),
      seed: number("seed"),
      backend: field("backend").value,
    };
  }

  function settingsChanged(): void {
    const { size } = new Blob([field("text").value]);
    find("length").textContent = size === 0 ? "" : `${size.toLocaleString("en")} bytes`;
    find("config").textContent = JSON.stringify(configOf(settings()), null, 2);
  }

  function setText(text: string): void {
    field("text").value = text;
    problem("");
    settingsChanged();
  }

  async function attempt(work: () => Promise<void>): Promise<void> {
    await work().catch((error: Error) => problem(error.message));
  }

  function saveAs(name: string, bytes: Uint8Array<ArrayBuffer>): void {
    saveFile(new Blob([bytes], { type: "application/zip" }), name);
  }

  function say(text: string): void {
    find("state").textContent = text;
  }

  function problem(text: string): void {
    find("problem").textContent = text;
    find("problem").hidden = text === "";
  }

  function send(order: TrainingOrder): void {
    worker?.postMessage(order);
  }
}

// --- internal ---

/** Learns the sample text in about a minute on one core. */
const defaults: TrainingSettings = {
  size: "2 layers × 64",
  rowLength: 120,
  steps: 1000,
  batchSize: 8,
  learningRate: 0.003,
  seed: 1,
  backend: "auto",
};

function inWords(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
