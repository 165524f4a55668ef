/** Differences between two versions, in the order in which they explain each other. */
import type { Difference } from "./difference";
import type { Causes } from "./scene-query";

type Head = NonNullable<Difference["before"]>;

export function uidsOf({ before, after }: Difference): string[] {
  return [before?.uid, after?.uid].filter((uid) => uid !== undefined);
}

export function headTitle({ uid, name, jobName, ordinal, version }: Head): string {
  const known = name || jobName || uid;
  const number = version || ordinal;
  return number ? `${known}@${number}` : known;
}

const DIGITS = 12;

/** What the heads of all differences are called, by their uids. */
export function titlesOf(rows: readonly Difference[]): ReadonlyMap<string, string> {
  const heads = rows.flatMap(({ before, after }) => [before, after]).filter((one) => one !== null);
  return new Map(heads.map((one) => [one.uid, headTitle(one)]));
}

/** Uids of versions as their names, with the first digits of their digests where `titles` do not know their numbers;
 * what else differs as it is. */
export function shortValue(text: string, titles: ReadonlyMap<string, string>): string {
  const title = titles.get(text);
  if (title !== undefined) return title;
  const found = /^version:[^/]+\/[^/]+\/(.+)@(?:sha256:|run:)?([0-9a-f-]+)$/s.exec(text);
  return found ? `${found[1]}@${(found[2] ?? "").slice(0, DIGITS)}` : text;
}

/** The one that no other explains first, then the farthest; what only ran again last. */
export function sortedCauses({ differences, root }: Causes): Difference[] {
  const rank = (row: Difference): number => (row.kind === "RERUN" ? 2 : uidsOf(row).some((uid) => root.includes(uid)) ? 0 : 1);
  return [...differences].toSorted((a, b) => rank(a) - rank(b) || b.depth - a.depth);
}

/** A line for each field that differs; one for what differs as a whole. */
export function causesTable(rows: readonly Difference[]): string[][] {
  const head = ["change", "label", "before", "after", "depth", "at", "field", "value_before", "value_after"];
  const cells = rows.flatMap((row) => {
    const title = (one: Head | null): string => (one ? headTitle(one) : "");
    const label = (row.after ?? row.before)?.label ?? "";
    const common = [row.kind, label, title(row.before), title(row.after), String(row.depth), row.at ?? ""];
    const changes = row.changes.length ? row.changes : [{ field: "", before: "", after: "" }];
    return changes.map(({ field, before, after }) => [...common, field, before, after]);
  });
  return [head, ...cells];
}
