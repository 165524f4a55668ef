/** The same scene as a tree of rows: the form that can be read aloud, printed and walked by keys. */
import { pathsThrough, roundabout, waysOf } from "./scene";
import type { Scene } from "./scene";

/** `side` tells what a row is to the one above it; `again`: its own rows stand where it came first. */
export interface Row {
  key: string;
  id: string;
  parent: string | null;
  level: number;
  side: "FOCUS" | "UPSTREAM" | "DOWNSTREAM";
  place: number;
  of: number;
  open: boolean;
  opens: boolean;
  again: boolean;
}

type Side = "UPSTREAM" | "DOWNSTREAM";

const OTHER = { UPSTREAM: "DOWNSTREAM", DOWNSTREAM: "UPSTREAM" } as const;

/** Rows from the focus outwards, without those below a closed row. What only another box leads to (what a version
 * came from beside the one before it) stands below that box, so that every box has a row. What lies both before and
 * after the focus, in a circle, is followed once on each side: much may hang on it on one of them alone. */
export function outlineOf(scene: Scene, closed: ReadonlySet<string>): Row[] {
  const ways = waysOf(scene);
  const rows: Row[] = [];
  const straight = pathsThrough(ways, scene.focus);
  const round = roundabout(ways, scene.focus);
  const nameOf = (id: string, side: Side): string => (round.has(id) ? side + id : id);
  const seen = new Set([scene.focus, nameOf(scene.focus, "UPSTREAM"), nameOf(scene.focus, "DOWNSTREAM")]);
  const neighbours = (id: string, side: Side): readonly string[] => (side === "UPSTREAM" ? ways.up : ways.down).get(id) ?? [];
  const onwardOf = (id: string, side: Side, from: string | null): [string, Side][] => {
    const ahead = neighbours(id, side).map((one): [string, Side] => [one, side]);
    const aside = neighbours(id, OTHER[side]).filter((one) => !straight.has(one) && one !== from);
    return [...new Map([...aside.map((one): [string, Side] => [one, OTHER[side]]), ...ahead])];
  };

  const below = (parent: Row, along: Side, from: string | null): void => {
    const ids = onwardOf(parent.id, along, from);
    ids.forEach(([next, side], at) => {
      const again = seen.has(nameOf(next, side));
      seen.add(nameOf(next, side));
      const key = `${parent.key}/${side === "UPSTREAM" ? "<" : ">"}${next}`;
      const opens = !again && onwardOf(next, side, parent.id).length > 0;
      const row: Row = {
        key,
        id: next,
        parent: parent.key,
        level: parent.level + 1,
        side,
        place: at + 1,
        of: ids.length,
        open: opens && !closed.has(key),
        opens,
        again,
      };
      rows.push(row);
      if (row.open) below(row, side, parent.id);
    });
  };

  const key = scene.focus;
  const opens = scene.lines.length > 0;
  const first: Row = {
    key,
    id: scene.focus,
    parent: null,
    level: 1,
    side: "FOCUS",
    place: 1,
    of: 1,
    open: opens && !closed.has(key),
    opens,
    again: false,
  };
  rows.push(first);
  if (first.open) {
    below(first, "UPSTREAM", null);
    below(first, "DOWNSTREAM", null);
  }
  return rows;
}

/** Where a key leads from a row, or what it opens and closes there: as the ARIA practices have it. */
export type Step = { go: string } | { open: string } | { close: string } | null;

export function stepOf(rows: readonly Row[], from: string, key: string): Step {
  const at = Math.max(0, rows.findIndex((row) => row.key === from));
  const row = rows[at];
  if (!row) return null;
  const to = (target: Row | undefined): Step => (target ? { go: target.key } : null);
  switch (key) {
    case "ArrowDown":
      return to(rows[at + 1]);
    case "ArrowUp":
      return to(rows[at - 1]);
    case "Home":
      return to(rows[0]);
    case "End":
      return to(rows.at(-1));
    case "ArrowRight":
      if (!row.opens) return null;
      return row.open ? to(rows[at + 1]) : { open: row.key };
    case "ArrowLeft":
      if (row.open) return { close: row.key };
      return row.parent === null ? null : { go: row.parent };
    default:
      return null;
  }
}
