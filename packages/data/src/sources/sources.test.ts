import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { byName, createPipeline, type DataDocument, type NamedChoice } from "@textdiffusion/core";
import { dataSourceLaws } from "@textdiffusion/testkit";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, describe, expect, it } from "vitest";
import { dataPlugin } from "../data-plugin.js";

const folder = mkdtempSync(join(tmpdir(), "textdiffusion-sources-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const put = (name: string, bytes: string | Uint8Array) => {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, bytes);
  return path;
};

async function open(choice: NamedChoice) {
  return (await createPipeline({ plugins: [dataPlugin], source: byName(choice) })).get("source");
}

async function textsOf(choice: NamedChoice): Promise<string[]> {
  const texts: string[] = [];
  for await (const { text } of (await open(choice)).documents()) texts.push(text);
  return texts;
}

const records = [
  { id: 1, lang: "en", body: { text: "one" }, question: "q1" },
  { id: 2, lang: "de", body: { text: "zwei 🙂" }, question: "q2" },
  { id: 3, lang: "en", body: { text: "  " }, question: "q3" },
  { id: 4, lang: "en", body: { text: "three\nlines" }, question: "q4" },
  { id: 5, lang: "en", body: { text: "four" }, question: null },
];
const lines = records.map((record) => JSON.stringify(record)).join("\n");

put("corpus/b.txt", "second file\n\nof two paragraphs\n");
put("corpus/a/first.txt", "\uFEFFfirst file, größer\r\n\r\n\r\nmore of it");
put("corpus/c.txt.gz", gzipSync("third file"));
put("corpus/.hidden", "not part of it");
const corpus = join(folder, "corpus");
const jsonLines = put("some.jsonl", `${lines}\n\n`);
const parquet = put(
  "some.parquet",
  new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        {
          name: "text",
          data: Array.from({ length: 9 }, (_, row) => (row === 4 ? null : `row ${row}`)),
          type: "STRING",
        },
        { name: "score", data: Array.from({ length: 9 }, (_, row) => row), type: "INT32" },
        { name: "votes", data: Array.from({ length: 9 }, (_, row) => BigInt(row)), type: "INT64" },
      ],
      rowGroupSize: 4,
    }),
  ),
);

const choices: Record<string, NamedChoice> = {
  "a folder by paragraphs": { name: "text", files: corpus, documents: "paragraph" },
  "a folder by files": { name: "text", files: corpus },
  "JSON Lines": { name: "json-lines", files: jsonLines, text: "body.text" },
  Parquet: { name: "parquet", files: parquet },
};
describe.each(Object.entries(choices))("the laws of a source: %s", (_, choice) => {
  for (const law of dataSourceLaws(() => open(choice))) it(law.name, () => law.run());
});

describe("text", () => {
  it("reads folders in the order of names, hidden files left out, gzip by its content, without byte-order marks", async () => {
    expect(await textsOf({ name: "text", files: corpus })).toEqual([
      "first file, größer\r\n\r\n\r\nmore of it",
      "second file\n\nof two paragraphs\n",
      "third file",
    ]);
    expect(await textsOf({ name: "text", files: corpus, documents: "paragraph" })).toEqual([
      "first file, größer",
      "more of it",
      "second file",
      "of two paragraphs\n",
      "third file",
    ]);
  });

  it("takes patterns and lists", async () => {
    const files = [join(folder, "corpus/**/*.gz"), join(corpus, "b.txt")];
    expect(await textsOf({ name: "text", files, documents: "line" })).toEqual([
      "third file",
      "second file",
      "of two paragraphs",
    ]);
  });

  it("reads characters that lie across the pieces of a file", async () => {
    const text = "é🙂日".repeat(400_000); // 9 bytes each: the ends of pieces fall into all of them
    expect((await textsOf({ name: "text", files: put("long.txt", text) }))[0] === text).toBe(true);
    const zipped = put("long.gz", gzipSync(text));
    expect((await textsOf({ name: "text", files: zipped }))[0] === text).toBe(true);
  });
});

describe("records", () => {
  it("are documents by a path, pairs by two, and counted where conditions say so", async () => {
    const base = { name: "json-lines", files: jsonLines, text: "body.text" };
    expect(await textsOf(base)).toEqual(["one", "zwei 🙂", "three\nlines", "four"]);
    expect(await textsOf({ ...base, where: { lang: "en", id: { min: 2 } } })).toEqual([
      "three\nlines",
      "four",
    ]);
    expect(await textsOf({ ...base, where: { "body.text": { matches: "^[a-z]+$" } } })).toEqual([
      "one",
      "four",
    ]);
    expect(await textsOf({ ...base, where: { lang: { not: "en" } } })).toEqual(["zwei 🙂"]);
    const pairs: DataDocument[] = [];
    for await (const pair of (await open({ ...base, prompt: "question" })).documents()) pairs.push(pair);
    expect(pairs.map(({ prompt, text }) => [prompt, text])).toEqual([
      ["q1", "one"],
      ["q2", "zwei 🙂"],
      ["q4", "three\nlines"],
      ["", "four"],
    ]);
  });

  it("of Parquet come from every group of rows, without those that are null", async () => {
    const whole = [0, 1, 2, 3, 5, 6, 7, 8].map((row) => `row ${row}`);
    expect(await textsOf({ name: "parquet", files: parquet })).toEqual(whole);
    expect(
      await textsOf({ name: "parquet", files: parquet, where: { score: { min: 3 }, votes: { max: 6 } } }),
    ).toEqual(["row 3", "row 5", "row 6"]);
  });
});

describe("bad input is named", () => {
  const torn = gzipSync("text that goes on and on ".repeat(500));
  const cases: [string, NamedChoice, RegExp][] = [
    ["an absent file", { name: "text", files: join(folder, "none.txt") }, /none\.txt.*FILE_NOT_FOUND/],
    ["a pattern of nothing", { name: "text", files: join(folder, "*.none") }, /\*\.none.*FILE_NOT_FOUND/],
    [
      "torn gzip",
      { name: "text", files: put("torn.gz", torn.subarray(0, 60)) },
      /gzip.*torn\.gz.*DATA_INVALID/,
    ],
    [
      "damaged gzip",
      {
        name: "text",
        files: put(
          "bad.gz",
          torn.map((byte, index) => (index > 20 && index < 40 ? 255 : byte)),
        ),
      },
      /gzip.*bad\.gz.*DATA_INVALID/,
    ],
    [
      "bytes that are not UTF-8",
      { name: "text", files: put("latin.txt", Buffer.from("größer", "latin1")) },
      /UTF-8 in .*latin\.txt.*0xf6.* offset 2.*DATA_INVALID/,
    ],
    [
      "a character that is cut at the end",
      { name: "text", files: put("cut.txt", Buffer.from("größ").subarray(0, 5)) },
      /UTF-8 in .*cut\.txt.* offset 4.*DATA_INVALID/,
    ],
    [
      "half a line of JSON",
      { name: "json-lines", files: put("half.jsonl", lines.slice(0, -20)), text: "body.text" },
      /JSON object in record 5 of .*half\.jsonl.*DATA_INVALID/,
    ],
    [
      "a field that is not there",
      { name: "json-lines", files: jsonLines, text: "body.txet" },
      /field body\.txet in record 1 of .*got text.*DATA_INVALID/,
    ],
    [
      "a field of numbers",
      { name: "json-lines", files: jsonLines, text: "id" },
      /text in the field id.*number.*DATA_INVALID/,
    ],
    [
      "a pattern that is none",
      { name: "json-lines", files: jsonLines, where: { lang: { matches: "(" } } },
      /regular expression in where\.lang\.matches.*CONFIG_INVALID/,
    ],
    [
      "Parquet that is none",
      { name: "parquet", files: jsonLines },
      /Parquet file .*some\.jsonl.*DATA_INVALID/,
    ],
    [
      "Parquet of another schema",
      { name: "parquet", files: parquet, text: "body" },
      /column body in .*got text, score, votes.*DATA_INVALID/,
    ],
  ];
  it.each(cases)("%s", async (_, choice, message) => {
    await expect(textsOf(choice)).rejects.toThrow(message);
  });
});

describe("the share that is read", () => {
  const sharesOf = async (choice: NamedChoice) => {
    const shares: number[] = [];
    for await (const { share = Number.NaN } of (await open(choice)).documents()) shares.push(share);
    return shares;
  };

  it("is by bytes of all files, and in Parquet by rows", async () => {
    const lines = (count: number) => "one line of twenty c.\n".repeat(count);
    const files = [
      put("shares/a.txt", lines(1)),
      put("shares/b.txt", lines(2)),
      put("shares/c.txt", lines(1)),
    ];
    // Read in pieces of a megabyte: each of these at once.
    expect(await sharesOf({ name: "text", files, documents: "line" })).toEqual([0.25, 0.75, 0.75, 1]);
    expect(await sharesOf({ name: "parquet", files: parquet })).toEqual(
      [1, 2, 3, 4, 6, 7, 8, 9].map((row) => row / 9),
    );
    const many = put("shares/many.txt", lines(100_000));
    const shares = await sharesOf({ name: "text", files: many, documents: "line" });
    expect(new Set(shares).size).toBeGreaterThan(2);
    expect(shares[0]).toBeLessThan(shares[99_999]);
    expect(shares[99_999]).toBe(1);
  });

  it("is by packed bytes in gzip", async () => {
    const packed = put("shares/some.txt.gz", gzipSync("some text\n".repeat(50)));
    expect((await sharesOf({ name: "text", files: packed, documents: "line" })).at(-1)).toBe(1);
  });
});
