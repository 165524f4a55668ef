/** Parallel coordinates: axes of numbers or of words, lines across them, and what a brush leaves. */

export interface ParallelAxis {
  key: string;
  /** numbers on a line, or words in a row */
  kind: "number" | "word";
  log: boolean;
  least: number;
  greatest: number;
  words: readonly string[];
}

/** Shares of an axis, from 0 at its foot to 1 at its top. */
export type Brush = readonly [low: number, high: number];

export const isNumeric = (values: readonly unknown[]): boolean => {
  const told = values.filter((one) => one !== null && one !== undefined);
  return told.length > 0 && told.every((one) => typeof one === "number");
};

/** The axis of a column; a log scale only where all its numbers have a place on it. */
export function axisOf(key: string, values: readonly unknown[], log: boolean): ParallelAxis {
  if (!isNumeric(values)) {
    const words = [...new Set(values.filter((one) => one !== null && one !== undefined).map(String))].toSorted();
    return { key, kind: "word", log: false, least: 0, greatest: Math.max(1, words.length - 1), words };
  }
  const numbers = values.filter((one): one is number => typeof one === "number");
  const least = Math.min(...numbers);
  const greatest = Math.max(...numbers);
  return { key, kind: "number", log: log && least > 0, least, greatest, words: [] };
}

/** Where a value is on its axis; null where it has no place. */
export function shareOf(axis: ParallelAxis, value: unknown): number | null {
  if (value === null || value === undefined) return null;
  if (axis.kind === "word") {
    const at = axis.words.indexOf(String(value));
    return at < 0 ? null : axis.words.length === 1 ? 0.5 : at / (axis.words.length - 1);
  }
  if (typeof value !== "number" || (axis.log && value <= 0)) return null;
  const scaled = (one: number): number => (axis.log ? Math.log(one) : one);
  const width = scaled(axis.greatest) - scaled(axis.least);
  return width === 0 ? 0.5 : (scaled(value) - scaled(axis.least)) / width;
}

/** The value at a share of an axis of numbers. */
export function valueAt(axis: ParallelAxis, share: number): number {
  if (!axis.log) return axis.least + share * (axis.greatest - axis.least);
  return axis.least * (axis.greatest / axis.least) ** share;
}

/** Whether a line lies within all brushes; without a place it lies in none. */
export function isWithin(shares: readonly (number | null)[], brushes: readonly (Brush | undefined)[]): boolean {
  return brushes.every((brush, at) => {
    const share = shares[at];
    return brush === undefined || (share !== null && share !== undefined && share >= brush[0] && share <= brush[1]);
  });
}

/** A list with one thing moved a place to the left (-1) or to the right (1). */
export function shifted<T>(list: readonly T[], at: number, by: -1 | 1): T[] {
  const to = at + by;
  const next = [...list];
  const [one] = next.splice(at, 1);
  if (one === undefined || to < 0 || to > next.length) return [...list];
  next.splice(to, 0, one);
  return next;
}
