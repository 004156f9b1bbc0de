import { readTrace, type TraceHeader } from "@textdiffusion/core";
import { type Recording, recordAll } from "@textdiffusion/render";

/** Traces that were opened on the page, made there, by `generate --trace` or by a program. */
export interface OpenedTraces {
  readonly recordings: readonly Recording[];
  /** As they were in the files. */
  readonly traces: readonly string[];
  /** What a reader should know of them. */
  readonly notes: readonly string[];
}

/** @throws DiffusionError `TRACE_INVALID`, `UNSUPPORTED`, with the name of the file and the line */
export async function readTraces(files: readonly File[]): Promise<OpenedTraces> {
  const recordings: Recording[] = [];
  const traces: string[] = [];
  const notes: string[] = [];
  for (const file of files) {
    const text = await file.text();
    const { header, events, tokenizer, ending } = await readTrace([text], { source: file.name });
    const { wideTokens } = header.tokenizer;
    recordings.push(await recordAll(events, tokenizer, { title: titleOf(header), wideTokens }));
    traces.push(text);
    const { complete, step } = ending();
    if (!complete) notes.push(`${file.name} ends after step ${step}, before the end of its run.`);
  }
  return { recordings, traces, notes };
}

// --- internal ---

/** The name of the sampler, and its blocks. */
function titleOf({ config }: TraceHeader): string {
  const nameOf = (choice: unknown) =>
    typeof choice === "string" ? choice : (choice as Named | undefined)?.name;
  const { size, sampler } = (config.sampler ?? {}) as Named;
  const name = nameOf(config.sampler) ?? "a run";
  return name === "blocks" ? `${nameOf(sampler) ?? name}, blocks of ${size}` : name;
}

interface Named {
  readonly name?: string;
  readonly size?: number;
  readonly sampler?: unknown;
}
