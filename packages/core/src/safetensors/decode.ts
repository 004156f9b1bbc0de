import type { NamedArray } from "../contracts/learner.js";
import { DiffusionError } from "../errors/diffusion-error.js";
import { bytesPerElement, decodeElements, isFloatDtype } from "./dtype.js";

/** Where a tensor stands in a safetensors file. */
export interface SafetensorsEntry {
  readonly name: string;
  /** As the file says it: `F32`, `BF16`, `I64`. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** First byte, counted from the start of the file. */
  readonly begin: number;
  /** The byte after the last one. */
  readonly end: number;
}

/** What a safetensors file says of itself before its numbers. */
export interface SafetensorsHeader {
  /** In the order in which the numbers stand. */
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
  /** The free texts under `__metadata__`. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Bytes in which a file states the length of its header. */
export const safetensorsPrefixBytes = 8;

/** The format's own bound on headers, against files that only claim to be safetensors. */
const maximumHeaderBytes = 100_000_000;

/**
 * How many bytes at the start of a file hold prefix and header, from its first eight bytes.
 *
 * @param prefix - at least the first 8 bytes of the file
 * @param sizeBytes - size of the whole file
 * @param source - the file's name, for messages
 * @throws DiffusionError `MODEL_INVALID`
 */
export function safetensorsHeaderEnd(prefix: Uint8Array, sizeBytes: number, source: string): number {
  if (prefix.length < safetensorsPrefixBytes || sizeBytes < safetensorsPrefixBytes) {
    throw invalid(source, `expected at least ${safetensorsPrefixBytes} bytes, got ${sizeBytes}`);
  }
  const length = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  if (length > maximumHeaderBytes) {
    throw invalid(source, `expected a header of at most ${maximumHeaderBytes} bytes, got ${length}`);
  }
  const end = safetensorsPrefixBytes + Number(length);
  if (end > sizeBytes) {
    throw invalid(source, `expected a header of ${length} bytes, got a file of only ${sizeBytes} bytes`);
  }
  return end;
}

/**
 * The header of a safetensors file, checked whole: every offset, shape and size agrees with the file, and the numbers
 * fill it without a gap or an overlap, so that each tensor can then be read by itself.
 *
 * @param start - the file's bytes up to the end of the header at least
 * @param sizeBytes - size of the whole file
 * @param source - the file's name, for messages
 * @throws DiffusionError `MODEL_INVALID` naming the file and the tensor
 */
export function decodeSafetensorsHeader(
  start: Uint8Array,
  sizeBytes: number,
  source: string,
): SafetensorsHeader {
  const headerEnd = safetensorsHeaderEnd(start, sizeBytes, source);
  const text = decodeText(start.subarray(safetensorsPrefixBytes, headerEnd), source);
  const header = parseObject(text, source);
  const metadata = decodeMetadata(header.__metadata__, source);
  const tensors = Object.entries(header)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, value]) => decodeEntry(name, value, headerEnd, source))
    .sort((left, right) => left.begin - right.begin || left.end - right.end);
  let filled = headerEnd;
  for (const { name, begin, end } of tensors) {
    if (begin !== filled) {
      throw invalid(
        source,
        `expected ${quote(name)} to begin at byte ${filled}, where the tensor before it ends, got ${begin}`,
      );
    }
    filled = end;
  }
  if (filled !== sizeBytes) {
    throw invalid(source, `expected a file of ${filled} bytes, as its header says, got ${sizeBytes}`);
  }
  return { tensors: new Map(tensors.map((entry) => [entry.name, entry])), metadata };
}

/**
 * One tensor as float32, in memory of its own.
 *
 * @param entry - from `decodeSafetensorsHeader`
 * @param bytes - the bytes from `entry.begin` to `entry.end`
 * @throws DiffusionError `MODEL_INVALID` for a tensor that does not hold F32, F16, BF16 or F64
 */
export function decodeSafetensorsTensor(
  entry: SafetensorsEntry,
  bytes: Uint8Array,
  source: string,
): NamedArray {
  if (!isFloatDtype(entry.dtype)) {
    throw invalid(source, `expected ${quote(entry.name)} to hold F32, F16, BF16 or F64, got ${entry.dtype}`);
  }
  if (bytes.length !== entry.end - entry.begin) {
    throw invalid(
      source,
      `expected ${entry.end - entry.begin} bytes of ${quote(entry.name)}, got ${bytes.length}`,
    );
  }
  return { shape: entry.shape, data: decodeElements(entry.dtype, bytes) };
}

/**
 * A whole safetensors file: every tensor that holds floats (F32, F16, BF16, F64), as float32. Others, such as the
 * `position_ids` of old checkpoints, are checked and left out. For large files, read the header and then one tensor
 * at a time with the functions above.
 *
 * The format: 8 bytes of header length, a JSON header, then the numbers, little-endian.
 * https://github.com/huggingface/safetensors
 *
 * @param source - the file's name, for messages
 * @throws DiffusionError `MODEL_INVALID` naming the file and the tensor
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  source: string,
): {
  readonly tensors: ReadonlyMap<string, NamedArray>;
  readonly metadata: Readonly<Record<string, string>>;
} {
  const header = decodeSafetensorsHeader(bytes, bytes.length, source);
  const tensors = new Map<string, NamedArray>();
  for (const entry of header.tensors.values()) {
    if (!isFloatDtype(entry.dtype)) continue;
    const numbers = bytes.subarray(entry.begin, entry.end);
    tensors.set(entry.name, decodeSafetensorsTensor(entry, numbers, source));
  }
  return { tensors, metadata: header.metadata };
}

// --- internal ---

function decodeEntry(name: string, value: unknown, headerEnd: number, source: string): SafetensorsEntry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  if (typeof dtype !== "string" || !Object.hasOwn(bytesPerElement, dtype)) {
    throw invalid(
      source,
      `expected ${quote(name)} to have one of the number formats ${Object.keys(bytesPerElement).join(", ")}, got ${JSON.stringify(dtype)}`,
    );
  }
  if (!isCounts(shape)) {
    throw invalid(source, `expected ${quote(name)} to have a shape, got ${JSON.stringify(shape)}`);
  }
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw invalid(
      source,
      `expected ${quote(name)} to have data_offsets [begin, end], got ${JSON.stringify(offsets)}`,
    );
  }
  const [begin, end] = offsets;
  const expected = shape.reduce((product, size) => product * size, bytesPerElement[dtype]);
  if (end - begin !== expected) {
    throw invalid(
      source,
      `expected ${quote(name)} of shape [${shape.join(", ")}] and ${dtype} to take ${expected} bytes, got ${end - begin}`,
    );
  }
  return { name, dtype, shape, begin: headerEnd + begin, end: headerEnd + end };
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function decodeMetadata(value: unknown, source: string): Record<string, string> {
  if (value === undefined) return {};
  const isTexts =
    isObject(value) && Object.values(value).every((text): text is string => typeof text === "string");
  if (!isTexts) throw invalid(source, "expected __metadata__ to hold texts only, got something else");
  return value as Record<string, string>;
}

function decodeText(bytes: Uint8Array, source: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw invalid(source, "expected a header of UTF-8 text, got other bytes", cause);
  }
}

function parseObject(text: string, source: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(source, "expected a JSON header, got text that is not JSON", cause);
  }
  if (!isObject(value)) throw invalid(source, "expected a JSON object as header, got another value");
  const repeated = repeatedKey(text);
  if (repeated !== undefined) throw invalid(source, `expected ${quote(repeated)} once, got it twice`);
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `JSON.parse` keeps the last of two equal keys and says nothing. Looks at the outermost keys of a valid JSON object. */
function repeatedKey(json: string): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  let previous = "";
  for (let index = 0; index < json.length; index++) {
    const character = json[index];
    if (character <= " ") continue;
    if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") depth--;
    else if (character === '"') {
      const start = index++;
      while (json[index] !== '"') index += json[index] === "\\" ? 2 : 1;
      if (depth === 1 && previous !== ":") {
        const key = JSON.parse(json.slice(start, index + 1)) as string;
        if (seen.has(key)) return key;
        seen.add(key);
      }
    }
    previous = character;
  }
  return undefined;
}

function quote(name: string): string {
  return `"${name.length > 200 ? `${name.slice(0, 200)}...` : name}"`;
}

function invalid(source: string, problem: string, cause?: unknown): DiffusionError {
  return new DiffusionError({
    code: "MODEL_INVALID",
    component: "core/safetensors",
    problem: `${source}: ${problem}`,
    remedy: "The file is damaged or was cut short; copy or download it again",
    details: { source },
    cause,
  });
}
