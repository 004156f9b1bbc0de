import type { Recording } from "@textdiffusion/render";

/** The traces of the runs that are shown. */
export interface Traces {
  /** Shows files as runs. */
  open(files: readonly File[]): void;
  /** Has these to be saved. */
  keep(traces: readonly string[], recordings: readonly Recording[]): void;
}

/** Whether files are traces, by their names. */
export function areTraces(paths: readonly string[]): boolean {
  return paths.length > 0 && paths.every((path) => path.endsWith(".jsonl"));
}

/** Makes the buttons work that open and save traces. */
export function startTraces(page: {
  open(files: readonly File[]): void;
  /** @param ending - of the file's name */
  save(file: Blob, ending: string): void;
}): Traces {
  const input = document.getElementById("trace-input") as HTMLInputElement;
  let kept: readonly { readonly trace: string; readonly ending: string }[] = [];
  (document.getElementById("trace-open") as HTMLButtonElement).onclick = () => input.click();
  input.onchange = () => {
    const files = Array.from(input.files ?? []);
    if (files.length > 0) page.open(files);
    input.value = ""; // the same again is a change, too
  };
  (document.getElementById("trace") as HTMLButtonElement).onclick = () => {
    for (const { trace, ending } of kept) page.save(new Blob([trace], { type: "application/jsonl" }), ending);
  };
  return {
    open: page.open,
    keep(traces, recordings) {
      const names = recordings.map(({ title }) => title.replaceAll(/[^\w.]+/g, "-"));
      kept = traces.map((trace, run) => ({
        trace,
        ending: traces.length === 1 ? "jsonl" : `${run + 1}-${names[run]}.jsonl`,
      }));
    },
  };
}
