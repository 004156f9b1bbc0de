import { mkdtempSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { bytesPerToken, openTokenReader, openTokenWriter } from "./token-file.js";

const folder = mkdtempSync(join(tmpdir(), "textdiffusion-tokens-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, "some.tokens");

it("gives back what was written, any part of it, whatever lay behind when it was opened again", async () => {
  const vocabularies = fc.constantFrom(256, 65_536, 65_537, 1_000_000);
  await fc.assert(
    fc.asyncProperty(vocabularies, fc.gen(), async (vocabularySize, draw) => {
      const parts = draw(fc.array, fc.array(fc.nat(vocabularySize - 1), { maxLength: 20 }), {
        minLength: 1,
        maxLength: 6,
      });
      const bytes = bytesPerToken(vocabularySize);
      const all = parts.flat();
      const kept = draw(fc.nat, { max: all.length });
      const first = await openTokenWriter(path, bytes, 0);
      for (const part of parts) await first.push(Int32Array.from(part));
      await first.close();
      const second = await openTokenWriter(path, bytes, kept);
      expect(second.length).toBe(kept);
      await second.push(Int32Array.from(all));
      await second.close();
      const expected = [...all.slice(0, kept), ...all];
      const reader = openTokenReader(path, { bytes, length: expected.length, vocabularySize });
      const begin = draw(fc.nat, { max: expected.length });
      const end = draw(fc.integer, { min: begin, max: expected.length });
      expect([...reader.subarray(begin, end)]).toEqual(expected.slice(begin, end));
      reader.close();
    }),
    { numRuns: 60 },
  );
});

it("says when the file is shorter than it was, or holds ids that are none", async () => {
  const writer = await openTokenWriter(path, 2, 0);
  await writer.push(Int32Array.of(1, 2, 300));
  await writer.close();
  const open = (vocabularySize: number) => openTokenReader(path, { bytes: 2, length: 3, vocabularySize });
  const foreign = open(300);
  expect(() => foreign.subarray(1, 3)).toThrow(/token ids below 300, got 300.*DATA_INVALID/);
  foreign.close();
  truncateSync(path, 5);
  const short = open(301);
  expect(() => short.subarray(1, 3)).toThrow(/4 bytes at 2, got 3.*DATA_INVALID/);
  short.close();
  rmSync(path);
  expect(() => open(9)).toThrow(/FILE_NOT_FOUND/);
});
