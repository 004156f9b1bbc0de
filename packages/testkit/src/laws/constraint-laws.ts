import { type ConstrainedRow, type Constraint, permits, Random } from "@textdiffusion/core";
import { holds } from "../expect-law.js";
import { type Law, type LawSkip, withSkips } from "../law.js";

export interface ConstraintLawOptions {
  /** Walks through the row's fills. Default 40. */
  readonly walks?: number;
  readonly skip?: readonly LawSkip[];
}

/**
 * The laws of `Constraint`: `begins-completable`, `candidates-are-exact`, `masking-keeps-completable`,
 * `keeps-no-state`. Each walks through fills of a row: positions settle with tokens that may stand and are masked again, in
 * random order.
 *
 * @param make - makes the constraint
 * @param row - a row that it can complete, over a small vocabulary: every token is tried at every position
 */
export function constraintLaws(
  make: () => Constraint,
  row: ConstrainedRow,
  { walks = 40, skip }: ConstraintLawOptions = {},
): Law[] {
  const { maskTokenId, vocabularySize } = row;
  const editable = Int32Array.from([...row.editable.keys()].filter((at) => row.editable[at] === 1));
  const drawable = Array.from({ length: vocabularySize }, (_, id) => id).filter(
    (id) => id !== maskTokenId && !row.suppressed.includes(id),
  );
  const written = (ids: Int32Array, position: number, token: number) => {
    const changed = ids.slice();
    changed[position] = token;
    return changed;
  };
  const show = (ids: Int32Array) => `[${Array.from(ids, (id) => (id === maskTokenId ? "_" : id)).join(" ")}]`;

  /** Every state of every walk. */
  const walk = (visit: (ids: Int32Array, opened: ReturnType<Constraint["open"]>) => void) => {
    const opened = make().open(row);
    for (let round = 0; round < walks; round++) {
      const random = Random.fromSeed(12).split("walk", round);
      let ids = row.ids.slice();
      for (let step = 0; step < 2 * editable.length; step++) {
        visit(ids, opened);
        const position = editable[random.integer(editable.length, 3 * step)];
        const [allowed] = opened.candidates(ids, Int32Array.of(position));
        const possible = drawable.filter(
          (id) => permits(allowed, id) && permits(row.restrictionAt(position), id),
        );
        const goesBack = ids[position] !== maskTokenId && random.uniform(3 * step + 1) < 0.5;
        if (!goesBack && possible.length === 0) continue;
        const token = goesBack ? maskTokenId : possible[random.integer(possible.length, 3 * step + 2)];
        ids = written(ids, position, token);
      }
    }
  };
  const law = (name: string, run: () => void): Law => ({ name, run });
  return withSkips(
    [
      law("begins-completable", () => {
        holds(
          make().open(row).completable(row.ids),
          () => `expected ${show(row.ids)} to be completable, got no`,
        );
      }),
      law("candidates-are-exact", () =>
        walk((ids, opened) => {
          const all = opened.candidates(ids, editable);
          holds(
            all.length === editable.length,
            () => `expected ${editable.length} candidates, got ${all.length}`,
          );
          editable.forEach((position, index) => {
            for (const id of drawable) {
              if (!permits(row.restrictionAt(position), id)) continue;
              const [said, is] = [permits(all[index], id), opened.completable(written(ids, position, id))];
              holds(
                said === is,
                () =>
                  `expected token ${id} at position ${position} of ${show(ids)} ${is ? "among" : "not among"} the candidates, got it ${said ? "there" : "missing"}`,
              );
            }
          });
        }),
      ),
      law("masking-keeps-completable", () =>
        walk((ids, opened) => {
          holds(opened.completable(ids), () => `expected ${show(ids)} to stay completable, got no`);
          for (const position of editable) {
            const masked = written(ids, position, maskTokenId);
            holds(
              opened.completable(masked),
              () => `expected ${show(masked)} to be completable as ${show(ids)} is, got no`,
            );
          }
        }),
      ),
      law("keeps-no-state", () =>
        walk((ids, opened) => {
          const other = make().open(row);
          const [here, there] = [opened, other].map((each) =>
            each
              .candidates(ids, editable)
              .map((restriction) => drawable.filter((id) => permits(restriction, id)).join()),
          );
          holds(
            here.join(";") === there.join(";"),
            () => `expected the candidates of ${show(ids)} from one that was just opened, got others`,
          );
        }),
      ),
    ],
    skip,
  );
}
