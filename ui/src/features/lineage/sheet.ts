/** A scene made ready for drawing, once for many frames: where lines begin and end as plain numbers, and lines and
 * boxes that look alike side by side, since what costs on a canvas is to change how it draws. */
import { kindHue } from "@/components/kinds";
import type { Hue } from "@/components/kinds";
import { CARD } from "./geometry";
import type { Places } from "./layout";
import type { Box, Change, Line, Scene } from "./scene";

/** Lines that are drawn alike. */
export interface Strand {
  change: Change | null;
  dashed: boolean;
  weight: number;
  lines: readonly Line[];
  /** from x, from y, to x, to y of each */
  ends: Float32Array;
}

/** Boxes of one colour. */
export interface Tint {
  hue: Hue;
  boxes: readonly Box[];
  /** x, y of each */
  corners: Float32Array;
}

export interface Sheet {
  strands: readonly Strand[];
  tints: readonly Tint[];
  boxes: Scene["boxes"];
  places: Places;
  /** ids of those that stand for many */
  stacks: readonly string[];
}

/** As it is called where there is room for a name. */
export const nameOf = (box: Box): string => (box.stack ? `${box.stack.count} × ${box.title || box.kind}` : box.title);

export function sheetOf(scene: Scene, places: Places): Sheet {
  const lines = scene.lines.filter(({ from, to }) => places[from] && places[to]);
  const boxes = [...scene.boxes.values()].filter(({ id }) => places[id]);
  return {
    strands: grouped(lines, ({ change, type, weight }) => `${change} ${isDashed(type, change)} ${weight}`).map((alike) => strandOf(alike, places)),
    tints: grouped(boxes, ({ label, kind }) => kindHue(label, kind)).map((alike) => tintOf(alike, places)),
    boxes: scene.boxes,
    places,
    stacks: boxes.filter(({ stack }) => stack).map(({ id }) => id),
  };
}

function grouped<T>(all: readonly T[], keyOf: (one: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const key = keyOf(one);
    const found = groups.get(key);
    if (found) found.push(one);
    else groups.set(key, [one]);
  }
  return [...groups.values()];
}

/** What is told by a colour is told by dashes, too. */
function isDashed(type: string, change: Change | null): boolean {
  return type === "VIA" || change === "removed";
}

function strandOf(lines: readonly Line[], places: Places): Strand {
  const ends = new Float32Array(lines.length * 4);
  lines.forEach(({ from, to }, at) => {
    const [a, b] = [places[from], places[to]];
    if (a && b) ends.set([a.x + CARD.width, a.y + CARD.height / 2, b.x, b.y + CARD.height / 2], at * 4);
  });
  const { change = null, type = "", weight = 1 } = lines[0] ?? {};
  return { change, dashed: isDashed(type, change), weight, lines, ends };
}

function tintOf(boxes: readonly Box[], places: Places): Tint {
  const corners = new Float32Array(boxes.length * 2);
  boxes.forEach(({ id }, at) => {
    const place = places[id];
    if (place) corners.set([place.x, place.y], at * 2);
  });
  const { label = "", kind = "" } = boxes[0] ?? {};
  return { hue: kindHue(label, kind), boxes, corners };
}
