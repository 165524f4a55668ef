/** What of a scene is shown: chips to choose from, and the scene without what was not chosen or hidden. */
import type { Box, Line, Scene } from "./scene";
import { MOST_OPENED, SIDES, hiddenOf, openedAs, opening } from "./sides";

export interface Filter {
  kinds: readonly string[];
  states: readonly string[];
  projects: readonly string[];
  times: readonly string[];
}

/** How long ago something was, from the latest on, and the hours of each. */
const AGES = { day: 24, week: 7 * 24, month: 30 * 24, older: Infinity } as const;
const HOUR_MILLISECONDS = 3_600_000;

export type Facet = keyof Filter;

/** Values to choose from, and how many boxes have each. */
export type Facets = Record<Facet, ReadonlyMap<string, number>>;

/** Bridges over what is hidden are not made where they would be more than this. */
const MOST_BRIDGES = 400;

const valuesOf: Record<Facet, (box: Box) => readonly string[]> = {
  kinds: (box) => [box.kind || box.label],
  states: (box) => (box.stack ? Object.keys(box.stack.states) : [box.state]).filter(Boolean),
  projects: (box) => (box.project ? [box.project] : []),
  times: (box) => (box.at === null ? [] : [ageOf(box.at)]),
};

function ageOf(time: string): string {
  const hours = (Date.now() - new Date(time).getTime()) / HOUR_MILLISECONDS;
  return Object.entries(AGES).find(([, most]) => hours < most)?.[0] ?? "older";
}

/** Values in the order in which they are offered. */
const inOrder = (facet: Facet, a: string, b: string): number => {
  const ages = Object.keys(AGES);
  return facet === "times" ? ages.indexOf(a) - ages.indexOf(b) : a.localeCompare(b);
};
const FACETS = Object.keys(valuesOf) as Facet[];

export function facetsOf(scene: Scene): Facets {
  const counted = (facet: Facet): ReadonlyMap<string, number> => {
    const counts = new Map<string, number>();
    for (const box of scene.boxes.values()) {
      for (const value of valuesOf[facet](box)) counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    return new Map([...counts].toSorted(([a], [b]) => inOrder(facet, a, b)));
  };
  return { kinds: counted("kinds"), states: counted("states"), projects: counted("projects"), times: counted("times") };
}

/** Ids of the boxes that a filter takes out; what has no value of a sort (no state, say) goes by the others. */
export function filteredOut(scene: Scene, filter: Filter): string[] {
  const wanted = FACETS.filter((facet) => filter[facet].length > 0);
  return [...scene.boxes.values()]
    .filter((box) => box.id !== scene.focus && !wanted.every((facet) => fits(valuesOf[facet](box), filter[facet])))
    .map(({ id }) => id);
}

function fits(values: readonly string[], chosen: readonly string[]): boolean {
  return values.length === 0 || values.some((value) => chosen.includes(value));
}

/** Tags of boxes, each as `key=value`. */
export type TagsOf = ReadonlyMap<string, readonly string[]>;

/** Ids of the boxes that bear none of some tags. Of a stack it is not known, and it stays. */
export function untagged(scene: Scene, tags: TagsOf, chosen: readonly string[]): string[] {
  if (chosen.length === 0) return [];
  return [...scene.boxes.values()].filter(({ id, stack }) => !stack && !tags.get(id)?.some((tag) => chosen.includes(tag))).map(({ id }) => id);
}

/** The scene without some boxes. What was connected through them still is, by lines of the type VIA. */
export function without(scene: Scene, gone: Iterable<string>): Scene {
  const out = new Set([...gone].filter((id) => id !== scene.focus && scene.boxes.has(id)));
  if (out.size === 0) return scene;
  const key = (line: Line): string => `${line.from}\n${line.to}\n${line.type}`;
  const lines = new Map(scene.lines.map((line) => [key(line), line]));
  for (const id of out) {
    const all = [...lines.values()];
    const into = all.filter(({ to }) => to === id);
    const from = all.filter((line) => line.from === id);
    for (const line of [...into, ...from]) lines.delete(key(line));
    if (into.length * from.length > MOST_BRIDGES) continue;
    for (const a of into) {
      for (const b of from) {
        const line: Line = { from: a.from, to: b.to, type: "VIA", weight: 1, roles: [], change: null };
        if (line.from !== line.to) lines.set(key(line), line);
      }
    }
  }
  return { ...scene, boxes: new Map([...scene.boxes].filter(([id]) => !out.has(id))), lines: [...lines.values()] };
}

/** Boxes whose names have a text in them, the nearest to the focus first. */
export function named(scene: Scene, text: string, titleOf: (box: Box) => string): Box[] {
  const wanted = text.trim().toLocaleLowerCase();
  if (!wanted) return [];
  return [...scene.boxes.values()]
    .filter((box) => titleOf(box).toLocaleLowerCase().includes(wanted))
    .toSorted((a, b) => a.depth - b.depth);
}

/** What can be opened further at once, the nearest first, while no more boxes come than there is room for, and no more
 * sides are opened than the server opens. */
export function allOpenable(scene: Scene, opened: readonly string[], room: number): string[] {
  const told: string[] = [];
  let left = room - scene.boxes.size;
  for (const box of [...scene.boxes.values()].toSorted((a, b) => a.depth - b.depth)) {
    if (box.stack || box.opaque) continue;
    for (const mark of SIDES) {
      const count = hiddenOf(box, mark);
      if (count === 0 || count > left || openedAs(opened, mark, box.id) !== undefined) continue;
      if (opened.length + told.length >= MOST_OPENED) return told;
      told.push(opening(mark, box.id));
      left -= count;
    }
  }
  return told;
}
