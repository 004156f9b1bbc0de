import type { DataDocument, DataSource } from "../../contracts/data-source.js";
import { faceOf } from "./face-of.js";
import { broken, calling, type Origin } from "./origin.js";

/** Documents have text, and a position behind them. */
export function checkedDataSource(source: DataSource, origin: Origin): DataSource {
  return faceOf<DataSource>(source, {
    documents: (from) => checkedDocuments(source, from, origin),
    fingerprint: async () => {
      const fingerprint = await calling(origin, "fingerprint", () => source.fingerprint());
      if (typeof fingerprint === "string" && fingerprint !== "") return fingerprint;
      throw broken(origin, "a text from fingerprint", fingerprint);
    },
  });
}

// --- internal ---

async function* checkedDocuments(
  source: DataSource,
  from: Parameters<DataSource["documents"]>[0],
  origin: Origin,
): AsyncGenerator<DataDocument, void, void> {
  const documents = calling(origin, "documents", () => source.documents(from));
  const iterator = calling(origin, "documents", () => documents[Symbol.asyncIterator]());
  try {
    for (;;) {
      const { done, value } = await calling(origin, "documents", () => iterator.next());
      if (done) return;
      assertDocument(value, origin);
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}

function assertDocument({ text, prompt, next }: DataDocument, origin: Origin): void {
  if (typeof text !== "string" || text.trim() === "") {
    throw broken(origin, "a text that is not blank in each of documents", text);
  }
  if (prompt !== undefined && typeof prompt !== "string") {
    throw broken(origin, "a prompt that is text, or none, in each of documents", prompt);
  }
  if (next === undefined) throw broken(origin, "the position behind it in each of documents", next);
}
