import { type DataDocument, type DataPosition, type DataSource, Random } from "@textdiffusion/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type StreamedRowsOptions, streamRows } from "./streamed-rows.js";

/** Documents of a list, with what happens to the readings of it. */
function listed(documents: readonly (readonly number[])[]) {
  const seen = { read: 0, open: 0 };
  const source: DataSource = {
    name: "list",
    fingerprint: async () => "list",
    async *documents(from = 0) {
      seen.open++;
      try {
        for (let index = Number(from); index < documents.length; index++) {
          seen.read++;
          yield { text: JSON.stringify(documents[index]), next: index + 1 };
        }
      } finally {
        seen.open--;
      }
    },
  };
  return { source, seen };
}

const encode = ({ text }: DataDocument) => Int32Array.from(JSON.parse(text) as number[]);

const rowsOf = (source: DataSource, shape: Partial<StreamedRowsOptions> = {}) =>
  streamRows({ source, encode, rowLength: 3, shuffleBuffer: 4, random: Random.fromSeed(7), ...shape });

const idsOf = (rows: readonly { ids: Int32Array }[]) => rows.map(({ ids }) => [...ids]);

const documentLists = fc
  .array(fc.array(fc.nat(99), { maxLength: 9 }), { minLength: 1, maxLength: 8 })
  .filter((documents) => documents.some(({ length }) => length > 0));
const shapes = fc.record({
  rowLength: fc.integer({ min: 1, max: 7 }),
  shuffleBuffer: fc.integer({ min: 1, max: 6 }),
});

describe("rows of a stream", () => {
  it("are the endless repetition of the data, cut into rows, each block in an order of its own", async () => {
    await fc.assert(
      fc.asyncProperty(
        documentLists,
        shapes,
        fc.integer({ min: 1, max: 30 }),
        async (documents, shape, count) => {
          const once = documents.flat();
          const token = (index: number) => once[index % once.length];
          const expected = Array.from({ length: count }, (_, position) => {
            const [block, place] = [
              Math.floor(position / shape.shuffleBuffer),
              position % shape.shuffleBuffer,
            ];
            const order = Random.fromSeed(7).split("block", block).permutation(shape.shuffleBuffer);
            const row = block * shape.shuffleBuffer + order[place];
            return Array.from({ length: shape.rowLength }, (_, index) =>
              token(row * shape.rowLength + index),
            );
          });
          expect(idsOf(await rowsOf(listed(documents).source, shape).rowsAt(0, count))).toEqual(expected);
        },
      ),
    );
  });

  it("go on from a state, written as JSON, as if they had never stopped, in batches of any size", async () => {
    await fc.assert(
      fc.asyncProperty(
        documentLists,
        shapes,
        fc.integer({ min: 0, max: 20 }),
        fc.integer({ min: 1, max: 9 }),
        async (documents, shape, position, count) => {
          const whole = rowsOf(listed(documents).source, shape);
          if (position > 0) await whole.rowsAt(0, position);
          const state = JSON.parse(JSON.stringify(whole.stateAt(position)));
          const resumed = rowsOf(listed(documents).source, shape);
          resumed.restore(state);
          const expected = idsOf(await rowsOf(listed(documents).source, shape).rowsAt(0, position + count));
          expect(idsOf(await resumed.rowsAt(position, count))).toEqual(expected.slice(position));
          expect(idsOf(await whole.rowsAt(position, count))).toEqual(expected.slice(position));
          // Pure: what lies before the state comes again, too.
          expect(idsOf(await resumed.rowsAt(0, 1))).toEqual(expected.slice(0, 1));
        },
      ),
    );
  });

  it("read no more than a block again after they were restored", async () => {
    const documents = Array.from({ length: 1000 }, (_, index) => [index, index, index]);
    const rows = rowsOf(listed(documents).source);
    await rows.rowsAt(0, 801);
    const { source, seen } = listed(documents);
    const resumed = rowsOf(source);
    resumed.restore(rows.stateAt(801));
    await resumed.rowsAt(801, 1);
    expect(seen.read).toBe(4);
  });

  it("leave out what is not encoded", async () => {
    const { source } = listed([[1, 1, 1], [2], [3, 3, 3]]);
    const rows = rowsOf(source, {
      encode: (document) => (document.next === 2 ? undefined : encode(document)),
    });
    expect(new Set((await rows.rowsAt(0, 40)).flatMap(({ ids }) => [...ids]))).toEqual(new Set([1, 3]));
  });

  it("hold one reading open, and none once they are disposed of", async () => {
    const { source, seen } = listed([
      [1, 2],
      [3, 4],
    ]);
    const rows = rowsOf(source);
    await rows.rowsAt(0, 9);
    await rows.rowsAt(0, 1);
    expect(seen.open).toBe(1);
    rows.dispose();
    await Promise.resolve();
    expect(seen.open).toBe(0);
  });

  it("end with an error where there is nothing to train on, no position or no state", async () => {
    await expect(rowsOf(listed([[], []]).source).rowsAt(0, 1)).rejects.toThrow(
      /expected documents to train on from the source "list", got none.*DATA_INVALID/,
    );
    const { source } = listed([[1]]);
    for (const [position, count] of [
      [-1, 1],
      [Number.NaN, 1],
      [0, 0],
    ]) {
      await expect(rowsOf(source).rowsAt(position, count)).rejects.toThrow(/CONFIG_INVALID/);
    }
    const states: DataPosition[] = [null, { block: -1, epoch: 0, tokens: 0 }, { block: 1 }];
    for (const state of states) {
      expect(() => rowsOf(source).restore(state)).toThrow(/CHECKPOINT_INVALID/);
    }
  });

  it("can be read on after the source failed", async () => {
    const { source } = listed([[1], [2], [3]]);
    let failures = 1;
    const faulty: DataSource = {
      ...source,
      async *documents(from) {
        for await (const document of source.documents(from)) {
          if (document.next === 2 && failures-- > 0) throw new Error("the disk is away");
          yield document;
        }
      },
    };
    const rows = rowsOf(faulty);
    await expect(rows.rowsAt(0, 5)).rejects.toThrow("the disk is away");
    expect(idsOf(await rows.rowsAt(0, 5))).toEqual(idsOf(await rowsOf(source).rowsAt(0, 5)));
  });
});
