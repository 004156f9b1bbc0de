import type { DataDocument, DataPosition, DataSource } from "@textdiffusion/core";
import { failsWith, holds } from "../expect-law.js";
import { type Law, type LawSkip, withSkips } from "../law.js";

export interface DataSourceLawOptions {
  readonly skip?: readonly LawSkip[];
}

/**
 * The laws of `DataSource`: `has-documents`, `repeats`, `goes-on-from-each-position`, `positions-are-json`,
 * `stops-when-the-reader-does`, `refuses-foreign-positions`, `keeps-its-fingerprint`.
 *
 * @param make - makes a source of at least three documents, few enough to be read once for each
 */
export function dataSourceLaws(
  make: () => DataSource | Promise<DataSource>,
  { skip }: DataSourceLawOptions = {},
): Law[] {
  const law = (name: string, check: (source: DataSource) => Promise<void>): Law => ({
    name,
    run: async () => check(await make()),
  });
  return withSkips(
    [
      law("has-documents", async (source) => {
        const documents = await read(source);
        holds(documents.length >= 3, () => `expected at least three documents, got ${documents.length}`);
        let before = 0;
        for (const { text, share = before } of documents) {
          holds(text.trim() !== "", () => `expected documents with text, got ${JSON.stringify(text)}`);
          holds(
            share >= before && share <= 1,
            () => `expected shares that rise to 1, got ${before}, then ${share}`,
          );
          before = share;
        }
      }),
      law("repeats", async (source) => {
        const first = await read(source);
        const [second, third] = await Promise.all([read(source), read(source)]); // also side by side
        sameDocuments(second, first, "the second reading");
        sameDocuments(third, first, "the third reading");
      }),
      law("goes-on-from-each-position", async (source) => {
        const all = await read(source);
        for (const [index, { next }] of all.entries()) {
          sameDocuments(await read(source, next), all.slice(index + 1), `what follows document ${index}`);
        }
      }),
      law("positions-are-json", async (source) => {
        const all = await read(source);
        for (const [index, { next }] of all.entries()) {
          const again = await read(await make(), JSON.parse(JSON.stringify(next)));
          sameDocuments(again, all.slice(index + 1), `what follows document ${index}, in another process,`);
        }
      }),
      law("stops-when-the-reader-does", async (source) => {
        const [first] = await read(source);
        for (let reading = 0; reading < 50; reading++) {
          for await (const { text } of source.documents()) {
            holds(
              text === first.text,
              () => `expected the first document again, got ${JSON.stringify(text)}`,
            );
            break;
          }
        }
      }),
      law("refuses-foreign-positions", async (source) => {
        await failsWith("DATA_INVALID", () => read(source, "no-such-position"), "a reading from nowhere");
      }),
      law("keeps-its-fingerprint", async (source) => {
        const before = await source.fingerprint();
        await read(source);
        const [after, another] = [await source.fingerprint(), await (await make()).fingerprint()];
        holds(before !== "", () => "expected a fingerprint, got an empty text");
        holds(
          after === before && another === before,
          () => `expected the fingerprint ${before} again, got ${after} and, of a second one, ${another}`,
        );
      }),
    ],
    skip,
  );
}

// --- internal ---

async function read(source: DataSource, from?: DataPosition): Promise<DataDocument[]> {
  const documents: DataDocument[] = [];
  for await (const document of source.documents(from)) documents.push(document);
  return documents;
}

function sameDocuments(
  actual: readonly DataDocument[],
  expected: readonly DataDocument[],
  what: string,
): void {
  const [got, wanted] = [actual, expected].map((documents) =>
    documents.map(({ text, prompt, next }) => JSON.stringify({ text, prompt, next })),
  );
  const differs = wanted.findIndex((document, index) => got[index] !== document);
  holds(
    got.length === wanted.length && differs < 0,
    () =>
      `expected ${what} to be ${wanted.length} documents, got ${got.length}${differs < 0 ? "" : `, of which number ${differs} is ${got[differs]} in place of ${wanted[differs]}`}`,
  );
}
