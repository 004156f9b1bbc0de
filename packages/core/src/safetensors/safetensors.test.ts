import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NamedArray } from "../contracts/learner.js";
import { DiffusionError } from "../errors/diffusion-error.js";
import { decodeSafetensors, decodeSafetensorsHeader, decodeSafetensorsTensor } from "./decode.js";
import { encodeHalf } from "./dtype.js";
import { encodeSafetensors, encodeSafetensorsTensor, layoutSafetensors } from "./encode.js";

/** Written and read by scripts/golden/safetensors_formats.py, with struct and numpy alone. */
const golden = new URL("../../../../scripts/golden/safetensors/", import.meta.url);
const bitsOf = (data: Float32Array) => Array.from(new Uint32Array(data.buffer, data.byteOffset, data.length));

const anyTensor: fc.Arbitrary<NamedArray> = fc
  .array(fc.nat({ max: 4 }), { maxLength: 3 })
  .chain((shape) =>
    fc
      .float32Array({ minLength: sizeOf(shape), maxLength: sizeOf(shape) })
      .map((data) => ({ shape, data: Float32Array.from(data) })),
  );
const anyTensors = fc
  .dictionary(fc.string({ maxLength: 12, unit: "binary" }), anyTensor, { maxKeys: 6 })
  .filter((tensors) => !("__metadata__" in tensors))
  .map((tensors) => new Map(Object.entries(tensors)));

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

describe("a file that was encoded", () => {
  it("decodes to the same names, shapes, bits and texts", () => {
    fc.assert(
      fc.property(anyTensors, fc.dictionary(fc.string(), fc.string()), (tensors, metadata) => {
        const decoded = decodeSafetensors(encodeSafetensors(tensors, { metadata }), "a file");
        expect(decoded.metadata).toEqual(metadata);
        expect([...decoded.tensors.keys()].sort()).toEqual([...tensors.keys()].sort());
        for (const [name, { shape, data }] of tensors) {
          expect(decoded.tensors.get(name)?.shape).toEqual(shape);
          expect(bitsOf(decoded.tensors.get(name)?.data as Float32Array)).toEqual(bitsOf(data));
        }
      }),
    );
  });

  it("decodes from anywhere in memory, into memory of its own", () => {
    const file = encodeSafetensors({ weight: { shape: [2], data: Float32Array.of(1.5, -2) } });
    const elsewhere = Buffer.alloc(file.length + 3); // Buffer's slice is a view, and byte 3 is not aligned
    elsewhere.set(file, 3);
    const { tensors } = decodeSafetensors(elsewhere.subarray(3), "a buffer");
    elsewhere.fill(0);
    expect(tensors.get("weight")?.data).toEqual(Float32Array.of(1.5, -2));
  });

  it("does not depend on the order in which its tensors were given", () => {
    const a = { shape: [1], data: Float32Array.of(1) };
    const b = { shape: [2], data: Float32Array.of(2, 3) };
    expect(encodeSafetensors({ a, b })).toEqual(encodeSafetensors({ b, a }));
  });

  it("begins its numbers at a multiple of 8 bytes and pads the header with spaces", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 20 }), (name) => {
        fc.pre(name !== "__metadata__");
        const { start } = layoutSafetensors(new Map([[name, [1]]]));
        expect(start.length % 8).toBe(0);
        expect(new TextDecoder().decode(start.subarray(8))).toMatch(/^\{.*\} *$/s);
      }),
    );
  });
});

describe("an independent reader and writer", () => {
  it("agrees on F16, BF16, F32 and F64, bit by bit; other formats are left out", () => {
    const expected: Record<string, number[]> = JSON.parse(
      readFileSync(new URL("expected.json", golden), "utf8"),
    );
    const { tensors, metadata } = decodeSafetensors(
      readFileSync(new URL("formats.safetensors", golden)),
      "formats.safetensors",
    );
    expect(metadata).toEqual({ format: "pt", note: 'quotes " and \\ and é' });
    expect([...tensors.keys()].sort()).toEqual(Object.keys(expected).sort());
    const isNaN32 = (bits: number) => (bits & 0x7fff_ffff) > 0x7f80_0000;
    for (const [name, { data }] of tensors) {
      const canonical = (bits: number) => (isNaN32(bits) ? "NaN" : bits); // payloads of NaN are not kept
      expect(bitsOf(data).map(canonical), name).toEqual(expected[name].map(canonical));
    }
    expect(tensors.get("scalar")?.shape).toEqual([]);
    expect(tensors.get("empty")?.shape).toEqual([0, 3]);
  });

  it("rounds to the same float16: to the nearest, ties to even, subnormals too", () => {
    const file = readFileSync(new URL("halves.safetensors", golden));
    const header = decodeSafetensorsHeader(file, file.length, "halves.safetensors");
    const single = header.tensors.get("single");
    const half = header.tensors.get("half");
    if (!single || !half) throw new Error("the golden file lacks a tensor");
    const { data } = decodeSafetensorsTensor(single, file.subarray(single.begin, single.end), "single");
    const rounded = new Uint16Array(new Uint8Array(file.subarray(half.begin, half.end)).buffer);
    expect(encodeHalf(data)).toEqual(rounded);
  });
});

describe("float16", () => {
  it("keeps every number that it can say", () => {
    const halves = Uint16Array.from({ length: 0x1_0000 }, (_, bits) => bits).filter(
      (bits) => (bits & 0x7fff) <= 0x7c00,
    );
    const entry = { name: "all", dtype: "F16", shape: [halves.length], begin: 0, end: halves.byteLength };
    const { data } = decodeSafetensorsTensor(entry, new Uint8Array(halves.buffer), "all halves");
    expect(encodeHalf(data)).toEqual(halves);
  });

  it("is refused for a finite number that would become infinite", () => {
    const data = Float32Array.of(1, -65520);
    expect(() => encodeSafetensors({ weight: { shape: [2], data } }, { precision: "F16" })).toThrow(
      /"weight".*-65520.*MODEL_INVALID/,
    );
    const edge = encodeSafetensorsTensor("weight", { shape: [1], data: Float32Array.of(65504) }, "F16");
    expect(edge).toEqual(Uint8Array.of(0xff, 0x7b));
  });
});

describe("bad input is refused with the file and the tensor named", () => {
  const entry = (overrides: object) => ({ dtype: "F32", shape: [2], data_offsets: [0, 8], ...overrides });
  const fileOf = (header: object | string, dataBytes = 8) => {
    const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
    const file = new Uint8Array(8 + text.length + dataBytes);
    new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
    file.set(text, 8);
    return file;
  };
  const claiming = (length: bigint) => {
    const file = new Uint8Array(64);
    new DataView(file.buffer).setBigUint64(0, length, true);
    return file;
  };
  const good = { w: entry({}) };

  it("though the same file without the fault is read", () => {
    expect(decodeSafetensors(fileOf(good), "good").tensors.get("w")?.data).toEqual(new Float32Array(2));
  });

  it.each<[string, Uint8Array, RegExp]>([
    ["no bytes", new Uint8Array(0), /at least 8 bytes, got 0/],
    ["half a prefix", new Uint8Array(5), /at least 8 bytes, got 5/],
    ["a header longer than the file", claiming(57n), /header of 57 bytes, got a file of only 64/],
    ["a header above the format's bound", claiming(100_000_001n), /at most 100000000 bytes, got 100000001/],
    ["a header length of 2^64 - 1", claiming(2n ** 64n - 1n), /at most 100000000 bytes/],
    ["a header that is not JSON", fileOf("{nope"), /JSON header/],
    ["a header that is not UTF-8", claiming(56n).fill(0xff, 8), /UTF-8/],
    ["a header that is a list", fileOf("[]", 0), /JSON object/],
    ["a header that is null", fileOf("null", 0), /JSON object/],
    ["metadata that is not text", fileOf({ ...good, __metadata__: { a: 1 } }), /__metadata__/],
    ["a cut file", fileOf(good, 7), /file of \d+ bytes, as its header says, got \d+/],
    ["bytes that no tensor owns", fileOf(good, 9), /file of \d+ bytes/],
    ["an unknown number format", fileOf({ w: entry({ dtype: "F33" }) }), /"w".*F32, .*got "F33"/],
    ["a format named after a method", fileOf({ w: entry({ dtype: "toString" }) }), /"w".*got "toString"/],
    ["no number format", fileOf({ w: entry({ dtype: undefined }) }), /"w".*got undefined/],
    ["an entry that is null", fileOf({ w: null }), /"w"/],
    ["a negative size", fileOf({ w: entry({ shape: [-1, -2] }) }), /"w".*shape.*\[-1,-2\]/],
    ["a fractional size", fileOf({ w: entry({ shape: [0.5, 4] }) }), /"w".*shape/],
    ["a size beyond exact integers", fileOf({ w: entry({ shape: [1e300, 1e300] }) }), /"w".*shape/],
    ["no shape", fileOf({ w: entry({ shape: undefined }) }), /"w".*shape/],
    ["a shape of other size", fileOf({ w: entry({ shape: [3] }) }), /"w".*\[3\].*take 12 bytes, got 8/],
    ["a negative offset", fileOf({ w: entry({ data_offsets: [-8, 0] }) }), /"w".*data_offsets/],
    ["offsets that run backwards", fileOf({ w: entry({ data_offsets: [8, 0] }) }), /"w".*data_offsets/],
    ["one offset", fileOf({ w: entry({ data_offsets: [0] }) }), /"w".*data_offsets/],
    ["offsets past the end", fileOf({ w: entry({ data_offsets: [8, 16] }) }), /"w" to begin at byte/],
    [
      "tensors that overlap",
      fileOf({ v: entry({}), w: entry({ data_offsets: [4, 12] }) }, 12),
      /"w" to begin/,
    ],
    ["tensors on the same bytes", fileOf({ v: entry({}), w: entry({}) }), /"w" to begin/],
    ["a gap", fileOf({ v: entry({}), w: entry({ data_offsets: [9, 17] }) }, 17), /"w" to begin/],
    [
      "one name twice",
      fileOf(`{"w":${JSON.stringify(entry({}))}, "w" :${JSON.stringify(entry({}))}}`),
      /"w" once, got it twice/,
    ],
    [
      "one name twice, once escaped",
      fileOf(`{"w":${JSON.stringify(entry({}))},"\\u0077":${JSON.stringify(entry({}))}}`),
      /"w" once, got it twice/,
    ],
  ])("%s", (_, bytes, message) => {
    const decode = () => decodeSafetensors(bytes, "weights/hostile.safetensors");
    expect(decode).toThrow(message);
    expect(decode).toThrow(/weights\/hostile\.safetensors/);
    expect(decode).toThrow(expect.toSatisfy((error) => DiffusionError.is(error, "MODEL_INVALID")));
  });

  it("any bytes end in an answer or in MODEL_INVALID", () => {
    const file = encodeSafetensors({ a: { shape: [2], data: Float32Array.of(1, 2) } });
    const damaged = fc
      .tuple(fc.nat(file.length - 1), fc.nat(255), fc.nat(file.length))
      .map(([at, byte, end]) => {
        const copy = file.slice();
        copy[at] = byte;
        return copy.subarray(0, end);
      });
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 80 })), (bytes) => {
        try {
          decodeSafetensors(bytes, "noise");
        } catch (error) {
          expect(DiffusionError.is(error, "MODEL_INVALID")).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("integers where floats are wanted", () => {
    const file = fileOf({ ids: { dtype: "I64", shape: [1], data_offsets: [0, 8] } });
    const header = decodeSafetensorsHeader(file, file.length, "buffers");
    const ids = header.tensors.get("ids");
    if (!ids) throw new Error("the header lacks ids");
    expect(() => decodeSafetensorsTensor(ids, file.subarray(ids.begin, ids.end), "buffers")).toThrow(
      /buffers: expected "ids" to hold F32.*got I64.*MODEL_INVALID/,
    );
    expect(() => decodeSafetensorsTensor({ ...ids, dtype: "F64" }, file.subarray(0, 4), "buffers")).toThrow(
      /8 bytes of "ids", got 4/,
    );
  });

  it("arrays that cannot be written", () => {
    const data = new Float32Array(3);
    expect(() => encodeSafetensors({ w: { shape: [2], data } })).toThrow(/"w" of shape \[2\].*got 3/);
    expect(() => encodeSafetensors({ __metadata__: { shape: [3], data } })).toThrow(/__metadata__/);
  });
});
