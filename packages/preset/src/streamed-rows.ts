import type { DataSource, Random, TokenRow } from "@textdiffusion/core";
import { packRows, streamRows, tokenBuffer } from "@textdiffusion/data";
import { assertBothSides, DEFAULT_SHARE, isHeldOut } from "./hash-split.js";
import { assertGoesOn, openDocuments } from "./read-documents.js";
import type { RowRequest, TrainingRows } from "./row-request.js";
import { assertNoPrompt } from "./training-texts.js";

/**
 * The texts of `data` as rows that are read while they are trained on. What is held out is read before that, from the
 * beginning of the data: the first rows of the documents that the hash takes.
 *
 * @param random - orders the rows
 */
export async function streamedRows(request: RowRequest, random: Random): Promise<TrainingRows> {
  const { tokenizer, data, plugins, rowLength, frame } = request;
  const { validationShare: share = DEFAULT_SHARE, shuffleBuffer = DEFAULT_SHUFFLE_BUFFER } = data;
  const { source, name, dispose } = await openDocuments(data, plugins);
  try {
    const encode = (text: string) => tokenizer.encode(text, { frame });
    const validation = share === 0 ? [] : await heldOutRows(source, name, share, encode, request);
    const train = streamRows({
      source,
      encode: (document) => {
        assertNoPrompt(document, name);
        return share > 0 && isHeldOut(document.text, share) ? undefined : encode(document.text);
      },
      rowLength,
      shuffleBuffer,
      random,
    });
    return {
      train,
      validation,
      fingerprint: await source.fingerprint(),
      dispose: async () => {
        train.dispose();
        await dispose();
      },
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

// --- internal ---

const DEFAULT_SHUFFLE_BUFFER = 4096;

/** Rows that are read to validate on, of which a run takes some that lie apart. */
const HELD_OUT_ROWS = 192;

async function heldOutRows(
  source: DataSource,
  name: string,
  share: number,
  encode: (text: string) => Int32Array,
  { rowLength, observer }: RowRequest,
): Promise<TokenRow[]> {
  const ids = tokenBuffer();
  let [count, heldOutCount, characters] = [0, 0, 0];
  for await (const { text } of source.documents()) {
    assertGoesOn(observer?.signal);
    count++;
    characters += text.length;
    observer?.onRead?.(count, characters); // how much of all will be read nobody knows
    if (!isHeldOut(text, share)) continue;
    heldOutCount++;
    ids.push(encode(text));
    if (ids.ids().length >= HELD_OUT_ROWS * rowLength) break;
  }
  assertBothSides(count - heldOutCount, heldOutCount, name, share);
  return packRows(ids.ids(), rowLength, "the validation text, a share of the whole,");
}
