/** The two sides of a box: what is opened there, folded again, or hidden. `<` and a uid is what lies before a box, `>`
 * what lies after it; the sign stands there once for each step that it is opened. */
import { waysOf } from "./scene";
import type { Box, Scene } from "./scene";

export const SIDES = ["<", ">"] as const;
export type SideMark = (typeof SIDES)[number];

/** As many boxes as the server opens for one picture. */
export const MOST_OPENED = 50;
/** So many steps at once, for whoever asks for more than one. */
const STRIDE = 3;

export const sideOf = (told: string): SideMark => (told.startsWith("<") ? "<" : ">");
export const uidOf = (told: string): string => told.replace(/^[<>]+/, "");
export const opening = (mark: SideMark, id: string, far = false): string => mark.repeat(far ? STRIDE : 1) + id;
export const hiddenOf = (box: Box, mark: SideMark): number => (mark === "<" ? box.hiddenUp : box.hiddenDown);

/** As which a side of a box was opened, however far. */
export const openedAs = (opened: readonly string[], mark: SideMark, id: string): string | undefined =>
  opened.find((told) => sideOf(told) === mark && uidOf(told) === id);

/** What hangs on the picture by this side of a box alone. */
export function branchOf(scene: Scene, told: string): ReadonlySet<string> {
  const ways = waysOf(scene);
  const id = uidOf(told);
  const [here, there] = sideOf(told) === "<" ? [ways.up, ways.down] : [ways.down, ways.up];
  const reached = (from: readonly string[]): ReadonlySet<string> => {
    const seen = new Set(from.filter((one) => one !== id && scene.boxes.has(one)));
    for (const one of seen) {
      for (const next of [...(ways.up.get(one) ?? []), ...(ways.down.get(one) ?? [])]) if (next !== id) seen.add(next);
    }
    return seen;
  };
  const kept = reached([scene.focus, ...(there.get(id) ?? [])]);
  return new Set([...reached(here.get(id) ?? [])].filter((one) => !kept.has(one)));
}

/** What stays opened where a side is folded: nothing that only it had brought. */
export function folded(scene: Scene, opened: readonly string[], told: string): string[] {
  const gone = branchOf(scene, told);
  return opened.filter((one) => one !== told && !gone.has(uidOf(one)));
}

/** All that is taken out of a picture: boxes by their uids, branches by a side of the box that they hang on. */
export function hiddenIn(scene: Scene, hide: readonly string[]): ReadonlySet<string> {
  return new Set(hide.flatMap((told) => (/^[<>]/.test(told) ? [...branchOf(scene, told)] : scene.boxes.has(told) ? [told] : [])));
}

/** Of each hidden branch how many boxes it has. */
export function branchesIn(scene: Scene, hide: readonly string[]): ReadonlyMap<string, number> {
  return new Map(hide.filter((told) => /^[<>]/.test(told)).map((told) => [told, branchOf(scene, told).size]));
}

/** How sides are opened and folded in a picture, and branches hidden. */
export interface Sides {
  opened: readonly string[];
  /** hidden branches and how many boxes each has */
  hidden: ReadonlyMap<string, number>;
  open: (told: readonly string[]) => void;
  fold: (told: string) => void;
  foldAll: () => void;
  /** absent where nothing is hidden */
  hide?: (told: string) => void;
  show?: (told: string) => void;
}

export interface SideAct {
  what: "open" | "fold" | "show";
  count: number;
  act: (far?: boolean) => void;
}

/** What can be done at a side of a box: hidden boxes are shown again before others are opened. */
export function sideAct(box: Box, mark: SideMark, sides: Sides): SideAct | undefined {
  const branch = mark + box.id;
  const gone = sides.hidden.get(branch);
  if (gone) return { what: "show", count: gone, act: () => sides.show?.(branch) };
  const told = openedAs(sides.opened, mark, box.id);
  if (told !== undefined) return { what: "fold", count: 0, act: () => sides.fold(told) };
  const count = hiddenOf(box, mark);
  if (count === 0 || box.stack || box.opaque) return undefined;
  return { what: "open", count, act: (far) => sides.open([opening(mark, box.id, far)]) };
}
