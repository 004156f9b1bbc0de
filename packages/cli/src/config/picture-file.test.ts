import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Recording, replayHtml } from "@textdiffusion/render";
import { afterAll, expect, it } from "vitest";
import { assertReplayFile, writePicture } from "./picture-file.js";

const folder = mkdtempSync(join(tmpdir(), "textdiffusion-picture-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string) => join(folder, name);

const recording: Recording = {
  title: "a <title> that is longer than most titles of most runs are, by far",
  batch: 1,
  seq: 1,
  cells: [null],
  given: [0],
  wideTokens: false,
  frames: [{ changes: [[0, "a"]], masked: 0, forwards: 1 }],
};

it("takes a new file and an earlier replay, and leaves nothing else behind", async () => {
  for (let turn = 0; turn < 2; turn++) {
    expect(await assertReplayFile(file("run.html"))).toBe("html");
    await writePicture(file("run.html"), replayHtml([recording]));
  }
  expect(readdirSync(folder)).toEqual(["run.html"]);
});

it("keeps a page of somebody else's, and knows what it can draw", async () => {
  writeFileSync(file("mine.html"), "<!doctype html><p>mine</p>");
  await expect(assertReplayFile(file("mine.html"))).rejects.toThrow(/is something else.*FILE_NOT_WRITABLE/);
  expect(readFileSync(file("mine.html"), "utf8")).toContain("mine");
  await expect(assertReplayFile(file("run.bmp"))).rejects.toThrow(
    /ends in .gif or .html.*run\.bmp.*CONFIG_INVALID/,
  );
  await expect(assertReplayFile(folder)).rejects.toThrow(/CONFIG_INVALID/);
});

it("says when it cannot write, and leaves no half of a file", async () => {
  await expect(writePicture(file("no/such/folder/run.html"), "x")).rejects.toThrow(/FILE_NOT_WRITABLE/);
});
