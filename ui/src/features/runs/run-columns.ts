/** Columns of the list of runs: what each is called in the address, and what it means to the server. */
import type { RunOrder, RunSort } from "@/gql/graphql";

/** Where the address says nothing. */
export const USUAL_SORT = "-started";

/** Columns that every run has; the others are `m.` with a metric and `p.` with a parameter. */
export const PLAIN_COLUMNS = ["state", "job", "by", "started", "duration", "ended", "kind", "tags"] as const;
export type PlainColumn = (typeof PLAIN_COLUMNS)[number];

const SORTS = new Map<string, RunSort>([
  ["name", "NAME"],
  ["started", "STARTED"],
  ["duration", "DURATION"],
  ["ended", "ENDED"],
]);
const WIDTHS: Record<string, number> = { state: 116, job: 170, by: 140, started: 130, ended: 130, duration: 120, kind: 110, tags: 200 };
const KEY_WIDTH = 132;
export const NAME_WIDTH = 300;

export function keyOf(column: string): { of: "metric" | "param"; key: string } | null {
  if (column.startsWith("m.") && column.length > 2) return { of: "metric", key: column.slice(2) };
  if (column.startsWith("p.") && column.length > 2) return { of: "param", key: column.slice(2) };
  return null;
}

export const isColumn = (column: string): boolean =>
  keyOf(column) !== null || (PLAIN_COLUMNS as readonly string[]).includes(column);

export const isSortable = (column: string): boolean => SORTS.has(column) || keyOf(column) !== null;

export const widthOf = (column: string): number => WIDTHS[column] ?? KEY_WIDTH;

/** The order that a column with or without its minus asks for; the usual one where it means nothing. */
export function orderOf(sort: string = USUAL_SORT): RunOrder {
  const direction = sort.startsWith("-") ? "DESC" : "ASC";
  const column = sort.replace(/^-/, "");
  const key = keyOf(column);
  if (key) return { [key.of]: key.key, direction };
  return { by: SORTS.get(column) ?? "STARTED", direction: SORTS.has(column) ? direction : "DESC" };
}

/** What a click on the head of a column leads to: first the greatest on top, then the least, then as usual. */
export function nextSort(column: string, sort: string = USUAL_SORT): string | undefined {
  const first = column === "name" ? column : `-${column}`;
  const second = column === "name" ? `-${column}` : column;
  if (sort === first) return second;
  return sort === second && first !== USUAL_SORT ? undefined : first;
}

export function keysOf(columns: readonly string[]): { metrics: string[]; params: string[] } {
  const keys = columns.map(keyOf).filter((one) => one !== null);
  const of = (which: "metric" | "param"): string[] => keys.filter((one) => one.of === which).map(({ key }) => key);
  return { metrics: of("metric"), params: of("param") };
}
