import fc from "fast-check";
import { expect, it } from "vitest";
import { documentSplitter, documentUnits } from "./document-splitter.js";
import { splitDocuments } from "./documents.js";

it("cuts the same documents wherever the pieces of a text end", () => {
  const texts = fc.array(fc.constantFrom("a", " ", "\n", "\r\n", "\t", "b c", "\n\n"), { maxLength: 30 });
  fc.assert(
    fc.property(texts, fc.constantFrom(...documentUnits), (pieces, unit) => {
      const splitter = documentSplitter(unit);
      const documents = [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.end()];
      expect(documents).toEqual(splitDocuments(pieces.join(""), unit));
    }),
    { numRuns: 2000 },
  );
});
