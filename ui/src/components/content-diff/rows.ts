/** Two tables row by row, by what their common columns hold. Pure. */
import { diffArrays } from "diff";

export interface Table {
  columns: readonly { name: string }[];
  rows: readonly (readonly unknown[])[];
}

export type Sign = "added" | "removed" | "changed";

export interface Cell {
  was: unknown;
  is: unknown;
  differs: boolean;
}

export interface Row {
  sign: Sign;
  /** its number from 1, in the table that has it; of a changed one in the second */
  at: number;
  cells: readonly Cell[];
}

export interface TableDifference {
  columns: readonly { name: string; sign: "same" | "added" | "removed" }[];
  rows: readonly Row[];
  /** rows that both have */
  same: number;
}

const TIMEOUT_MILLISECONDS = 1_500;

/** Null where they have no column in common, or it would take too long to say. */
export function tableBetween(before: Table, after: Table): TableDifference | null {
  const columns = columnsOf(before, after);
  const common = columns.filter(({ sign }) => sign === "same").map(({ name }) => name);
  if (common.length === 0) return null;
  const places = ({ columns: own }: Table) => new Map(own.map(({ name }, at) => [name, at]));
  const [inBefore, inAfter] = [places(before), places(after)];
  const keysOf = ({ rows }: Table, at: ReadonlyMap<string, number>): string[] =>
    rows.map((row) => JSON.stringify(common.map((name) => row[at.get(name) ?? -1] ?? null)));
  const changes = diffArrays(keysOf(before, inBefore), keysOf(after, inAfter), { timeout: TIMEOUT_MILLISECONDS });
  if (!changes) return null;

  const value = (row: readonly unknown[] | undefined, at: ReadonlyMap<string, number>, name: string): unknown => row?.[at.get(name) ?? -1] ?? null;
  const cellsOf = (was: readonly unknown[] | undefined, is: readonly unknown[] | undefined): Cell[] =>
    columns.map(({ name, sign }) => {
      const cell = { was: value(was, inBefore, name), is: value(is, inAfter, name) };
      return { ...cell, differs: sign === "same" && was !== undefined && is !== undefined && JSON.stringify(cell.was) !== JSON.stringify(cell.is) };
    });
  const rows: Row[] = [];
  let [was, is, same] = [0, 0, 0];
  changes.forEach(({ added, removed, count }, at) => {
    if (!added && !removed) {
      [was, is, same] = [was + count, is + count, same + count];
      return;
    }
    if (added && changes[at - 1]?.removed) return; // told of with what it stands in place of
    const next = removed ? changes[at + 1] : undefined;
    const [gone, come] = [removed ? count : 0, added ? count : next?.added ? next.count : 0];
    for (let one = 0; one < Math.max(gone, come); one += 1) {
      const [old, now] = [one < gone ? before.rows[was + one] : undefined, one < come ? after.rows[is + one] : undefined];
      rows.push(...rowsOf(old, now, was + one + 1, is + one + 1, cellsOf));
    }
    [was, is] = [was + gone, is + come];
  });
  return { columns, rows, same };
}

type CellsOf = (was: readonly unknown[] | undefined, is: readonly unknown[] | undefined) => Cell[];

/** Two rows in one another's place are one that changed, if anything in them is the same. */
function rowsOf(old: readonly unknown[] | undefined, now: readonly unknown[] | undefined, was: number, is: number, cellsOf: CellsOf): Row[] {
  if (old && now) {
    const cells = cellsOf(old, now);
    if (cells.some(({ differs, was: one }) => !differs && one !== null)) return [{ sign: "changed", at: is, cells }];
  }
  return [
    ...(old ? [{ sign: "removed" as const, at: was, cells: cellsOf(old, undefined) }] : []),
    ...(now ? [{ sign: "added" as const, at: is, cells: cellsOf(undefined, now) }] : []),
  ];
}

/** Those of the second in their order, then those that only the first has. */
function columnsOf(before: Table, after: Table): TableDifference["columns"] {
  const had = new Set(before.columns.map(({ name }) => name));
  const has = new Set(after.columns.map(({ name }) => name));
  return [
    ...after.columns.map(({ name }) => ({ name, sign: had.has(name) ? ("same" as const) : ("added" as const) })),
    ...before.columns.filter(({ name }) => !has.has(name)).map(({ name }) => ({ name, sign: "removed" as const })),
  ];
}
