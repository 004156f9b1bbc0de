import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { type DataDocument, type DataSource, DiffusionError, decodeOptionsSync } from "@textdiffusion/core";
import { z } from "zod";

export const myComponentOptions = z.strictObject({
  file: z.string().min(1).default("sequences.fasta").describe("A FASTA file."),
  shortest: z.int().min(1).default(1).describe("Sequences of fewer letters are left out."),
});

/** Options of `my-component`: `file` (default "sequences.fasta"), `shortest` (1). */
export type MyComponentOptions = z.input<typeof myComponentOptions>;

/**
 * The sequences of a FASTA file, in the order of the file. A line that begins with `>` names the sequence on the lines
 * below it. A position is the number of sequences before it, short ones included.
 *
 * @throws DiffusionError `UNKNOWN_OPTION`, `CONFIG_INVALID`; while reading `DATA_INVALID`, `FILE_NOT_FOUND`
 */
export function myComponentSource(given: MyComponentOptions = {}): DataSource {
  const { file, shortest } = decodeOptionsSync(myComponentOptions, given, "source", 'source "my-component"');
  return {
    name: "my-component",
    async *documents(from = 0): AsyncGenerator<DataDocument, void, void> {
      if (typeof from !== "number" || !Number.isSafeInteger(from) || from < 0) {
        throw failure(
          "DATA_INVALID",
          `expected a number of sequences, got ${JSON.stringify(from)}`,
          "Begin anew",
        );
      }
      let next = 0;
      for await (const text of sequencesOf(file)) {
        if (++next > from && text.length >= shortest) yield { text, next };
      }
    },
    fingerprint: async () => {
      const hash = createHash("sha256");
      for await (const line of linesOf(file)) hash.update(`${line}\n`);
      return hash.digest("hex");
    },
  };
}

// --- internal ---

async function* sequencesOf(file: string): AsyncGenerator<string, void, void> {
  let sequence: string | undefined;
  for await (const line of linesOf(file)) {
    if (line.startsWith(">")) {
      if (sequence) yield sequence;
      sequence = "";
    } else if (line.trim() !== "") {
      if (sequence === undefined) {
        throw failure(
          "DATA_INVALID",
          `expected a name after > in ${file}, got ${line.slice(0, 40)}`,
          "Name a FASTA file",
        );
      }
      sequence += line.trim();
    }
  }
  if (sequence) yield sequence;
}

async function* linesOf(file: string): AsyncGenerator<string, void, void> {
  const stream = createReadStream(file, "utf8");
  try {
    yield* createInterface({ input: stream });
  } catch (error) {
    throw failure(
      "FILE_NOT_FOUND",
      `expected a file that can be read at ${file}, got ${error}`,
      "Correct the path",
    );
  } finally {
    stream.destroy(); // a reader may stop early
  }
}

function failure(code: "DATA_INVALID" | "FILE_NOT_FOUND", problem: string, remedy: string): DiffusionError {
  return new DiffusionError({ code, component: "my-component/source", problem, remedy });
}
