/** What distinguishes two versions: columns, figures, files. Pure. */
import type { StoredFile } from "@/lib/stored";
import type { Stats } from "./statistics";

export type Sign = "added" | "removed" | "changed";

export interface Difference {
  sign: Sign;
  name: string;
  before: string;
  after: string;
}

interface Column {
  name: string;
  type: string;
  nullable: boolean;
}

/** What one map has and the other has not, or has otherwise; by name. */
function between(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): Difference[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  return names.flatMap((name) => {
    const [was, is] = [before.get(name), after.get(name)];
    if (was === is) return [];
    const sign = was === undefined ? "added" : is === undefined ? "removed" : "changed";
    return [{ sign, name, before: was ?? "", after: is ?? "" } as const];
  });
}

const typeOf = ({ type, nullable }: Column): string => (nullable ? type : `${type}, required`);

export function columnsBetween(before: readonly Column[], after: readonly Column[]): Difference[] {
  const named = (columns: readonly Column[]) => new Map(columns.map((one) => [one.name, typeOf(one)]));
  return between(named(before), named(after));
}

const FIGURES = ["nulls", "distinct", "min", "mean", "max"] as const;

/** Figures that both versions have, and that differ; each named as `column · figure`. */
export function figuresBetween(before: Stats, after: Stats, say: (value: number | string) => string): Difference[] {
  const named = ({ columns, facts }: Stats, other: Stats) => {
    const own = [...columns].filter(([column]) => other.columns.has(column));
    const figures = own.flatMap(([column, stats]) =>
      FIGURES.flatMap((key) => (stats[key] === undefined ? [] : [[`${column} · ${key}`, say(stats[key])] as const])),
    );
    return new Map([...facts.map(([name, value]) => [name, say(value)] as const), ...figures]);
  };
  return between(named(before, after), named(after, before));
}

/** By path; a file changed where its digest did. */
export function filesBetween(before: readonly StoredFile[], after: readonly StoredFile[]): Difference[] {
  const named = (files: readonly StoredFile[]) =>
    new Map(files.map(({ path, sha256, link }) => [path, sha256?.slice(0, 12) ?? `→ ${link ?? ""}`]));
  return between(named(before), named(after));
}
