import { Tokenizer as Library } from "@huggingface/tokenizers";
import { DiffusionError, type SpecialTokenIds, type Tokenizer } from "@textdiffusion/core";
import { byteEncoder, tokenBytes } from "./byte-ids.js";
import { findSpecialTokens } from "./special-tokens.js";
import {
  invalidTokenizer,
  type ParsedTokenizerFiles,
  parseTokenizerFiles,
  type TokenizerFiles,
} from "./tokenizer-files.js";
import { wordEncoder } from "./word-encoder.js";

/** A tokenizer that knows the files it was made from, so that it can be saved beside a model. */
export interface FileTokenizer extends Tokenizer {
  readonly files: TokenizerFiles;
}

/**
 * A tokenizer from the texts of its files; `loadTokenizer` reads them from a folder, a browser fetches them.
 *
 * @param source - where they come from, for messages
 * @throws DiffusionError `MODEL_INVALID` for broken files, a kind the library does not know, or no mask token
 */
export function tokenizerFromFiles(files: TokenizerFiles, source = "."): FileTokenizer {
  const parsed = parseTokenizerFiles(files, source);
  const library = createLibrary(parsed, source);
  const special = findSpecialTokens(
    parsed,
    { id: (token) => library.token_to_id(token), frame: library.encode("").ids },
    source,
  );
  return new LibraryTokenizer(library, special, parsed, files);
}

/** The same from parsed JSON. Saving it writes the JSON anew. */
export function tokenizerFromJson(json: object, config: object = {}, source = "."): FileTokenizer {
  return tokenizerFromFiles(
    { "tokenizer.json": fileOf(json), "tokenizer_config.json": fileOf(config) },
    source,
  );
}

// --- internal ---

class LibraryTokenizer implements FileTokenizer {
  readonly vocabularySize: number;
  readonly specialIds: readonly number[];
  private readonly isSpecial: ReadonlySet<number>;
  private readonly bytesOf: (spelling: string) => Uint8Array | undefined;
  private readonly textIds: (text: string) => ArrayLike<number | undefined>;

  constructor(
    private readonly library: Library,
    readonly special: SpecialTokenIds,
    { json }: ParsedTokenizerFiles,
    readonly files: TokenizerFiles,
  ) {
    const added = json.added_tokens;
    const { vocab } = json.model;
    const inModel = Array.isArray(vocab) ? vocab.map((_, id) => id) : Object.values(vocab);
    this.vocabularySize = 1 + [...inModel, ...added.map(({ id }) => id)].reduce((a, b) => Math.max(a, b), 0);
    this.isSpecial = new Set([
      ...Object.values(special),
      ...added.filter((token) => token.special).map(({ id }) => id),
    ]);
    this.specialIds = [...this.isSpecial].sort((a, b) => a - b);
    this.bytesOf = tokenBytes(json.decoder);
    const encode = (text: string) => library.encode(text, { add_special_tokens: false }).ids;
    this.textIds = byteEncoder(json) ?? wordEncoder(json, encode) ?? encode;
  }

  encode(text: string, { frame = false }: { readonly frame?: boolean } = {}): Int32Array {
    const ids = this.textIds(text);
    const { begin, end } = this.special;
    const before = frame && begin !== undefined ? [begin] : [];
    const after = frame && end !== undefined ? [end] : [];
    const out = new Int32Array(before.length + ids.length + after.length);
    out.set(before);
    for (let index = 0; index < ids.length; index++) {
      const id = ids[index];
      if (id === undefined) throw unspellable(text);
      out[before.length + index] = id;
    }
    out.set(after, before.length + ids.length);
    return out;
  }

  decode(ids: ArrayLike<number>, { keepSpecial = false }: { readonly keepSpecial?: boolean } = {}): string {
    const kept: number[] = [];
    for (let index = 0; index < ids.length; index++) {
      const id = ids[index];
      if (!(Number.isInteger(id) && id >= 0 && id < this.vocabularySize)) {
        throw outOfRange(id, index, this.vocabularySize);
      }
      // A hole in the vocabulary decodes to nothing, as in Python.
      if (this.token(id) !== undefined && (keepSpecial || !this.isSpecial.has(id))) kept.push(id);
    }
    if (kept.length === 0) return "";
    // The library's clean-up is on by default and would eat spaces before punctuation; Python's is off.
    return this.library.decode(kept, { clean_up_tokenization_spaces: false });
  }

  token(id: number): string | undefined {
    return this.library.id_to_token(id);
  }

  bytes(id: number): Uint8Array | undefined {
    const spelling = this.isSpecial.has(id) ? undefined : this.token(id);
    return spelling === undefined ? undefined : this.bytesOf(spelling);
  }
}

/** The library, with its plain errors turned into ours and the one check it leaves out: that "unknown" has an id. */
function createLibrary({ json, library }: ParsedTokenizerFiles, source: string): Library {
  const file = `${source}/tokenizer.json`;
  const { type, unk_token: unknown } = json.model;
  if (type === "WordPiece" && unknown == null) {
    throw invalidTokenizer(file, "model.unk_token of a WordPiece tokenizer, got none");
  }
  try {
    const built = new Library(...library);
    if (unknown == null || built.token_to_id(unknown) !== undefined) return built;
  } catch (cause) {
    throw invalidTokenizer(file, `a tokenizer that @huggingface/tokenizers can build, got "${cause}"`, cause);
  }
  throw invalidTokenizer(file, `model.unk_token "${unknown}" in the vocabulary, got none`);
}

function fileOf(json: object): string {
  return `${JSON.stringify(json, null, 2)}\n`;
}

function unspellable(text: string): DiffusionError {
  return new DiffusionError({
    code: "TOKEN_OUT_OF_RANGE",
    component: "data/tokenizer",
    problem: `expected text that the vocabulary can spell, got ${JSON.stringify(text.slice(0, 40))}`,
    remedy: "Use a tokenizer that has an unknown token or knows every byte",
  });
}

function outOfRange(id: number, position: number, vocabularySize: number): DiffusionError {
  return new DiffusionError({
    code: "TOKEN_OUT_OF_RANGE",
    component: "data/tokenizer",
    problem: `expected token ids in [0, ${vocabularySize}), got ${id} at position ${position}`,
    remedy: "Does the tokenizer belong to the model?",
  });
}
