import { DiffusionError } from "@textdiffusion/core";
import { match } from "ts-pattern";

/** What counts as one document of a text: all of it, each line, or each paragraph (blank lines stand between). */
export const documentUnits = ["file", "line", "paragraph"] as const;
export type DocumentUnit = (typeof documentUnits)[number];

/** Cuts a text that comes in pieces into documents, wherever the pieces end. */
export interface DocumentSplitter {
  /** @returns the documents that are complete now; blank ones are left out */
  push(piece: string): string[];
  /** @returns the last one, if there is any */
  end(): string[];
}

/** A splitter for one text. What a unit is: `splitDocuments`. */
export function documentSplitter(unit: DocumentUnit): DocumentSplitter {
  let pending = "";
  const cut = match(unit)
    .with("file", () => (): string[] => [])
    .with("line", () => takeLines)
    .with("paragraph", () => takeParagraphs)
    .exhaustive();
  const notBlank = (documents: string[]) => documents.filter((document) => document.trim() !== "");
  return {
    push: (piece) => {
      if (pending.length + piece.length > LONGEST) throw tooLong();
      pending += piece;
      // A piece without a line end completes nothing; what is pending would be looked through again for each.
      return piece.includes("\n") ? notBlank(cut()) : [];
    },
    end: () => notBlank([pending]),
  };

  function takeLines(): string[] {
    const lines = pending.split("\n");
    pending = lines.pop() ?? "";
    return lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
  }

  /** What stands behind the last line end may go on with white space, and then a line end that ends the paragraph. */
  function takeParagraphs(): string[] {
    pending = pending.replace(/^(?:[^\S\n]*\n)+/, "");
    const end = pending.lastIndexOf("\n") + 1;
    const paragraphs = pending.slice(0, end).split(/\r?\n(?:[^\S\n]*\n)+/);
    pending = paragraphs.pop() + pending.slice(end);
    return paragraphs;
  }
}

// --- internal ---

/** Characters that a string of V8 holds: what Node calls `buffer.constants.MAX_STRING_LENGTH`. */
const LONGEST = 2 ** 29 - 24;

function tooLong(): DiffusionError {
  return new DiffusionError({
    code: "DATA_INVALID",
    component: "data/documents",
    problem: `expected documents of at most ${LONGEST} characters, got a longer one`,
    remedy: "Let each line or paragraph be a document (data.documents)",
  });
}
