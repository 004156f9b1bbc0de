import { DiffusionError, type Tokenizer, type TokenLock } from "textdiffusion";

/** Text that is locked in place, as the command line says it. */
export interface TextLock {
  readonly row: number;
  readonly position: number;
  readonly text: string;
}

/**
 * `0:12=moon`: the text "moon" in row 0 from position 12 on.
 *
 * @throws DiffusionError `CONFIG_INVALID`
 */
export function parseLock(argument: string): TextLock {
  const [, row, position, text] = /^(\d{1,9}):(\d{1,9})=([\s\S]+)$/.exec(argument) ?? [];
  if (text !== undefined) return { row: Number(row), position: Number(position), text };
  throw new DiffusionError({
    code: "CONFIG_INVALID",
    component: "cli/options",
    problem: `expected row:position=text for --lock, got ${JSON.stringify(argument)}`,
    remedy: 'Write it as in --lock "0:12=moon"; rows and positions count from 0',
  });
}

/**
 * The tokens of locked texts, at positions one after the other.
 *
 * @throws DiffusionError `TOKEN_OUT_OF_RANGE` for a text that the tokenizer cannot write
 */
export function tokensOfLocks(locks: readonly TextLock[], tokenizer: Tokenizer): TokenLock[] {
  return locks.flatMap(({ row, position, text }) => {
    const ids = [...tokenizer.encode(text)];
    const strange = ids.length === 0 || ids.some((id) => tokenizer.specialIds.includes(id));
    if (!strange) return ids.map((token, index) => ({ row, position: position + index, token }));
    throw new DiffusionError({
      code: "TOKEN_OUT_OF_RANGE",
      component: "cli/options",
      problem: `expected text that the model's tokenizer knows for --lock, got ${JSON.stringify(text)}, which is ${ids.length === 0 ? "no token" : ids.map((id) => tokenizer.token(id)).join(" ")}`,
      remedy: "Lock another text",
    });
  });
}
