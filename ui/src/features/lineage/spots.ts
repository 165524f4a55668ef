/** Boxes that were pinned keep their place: as far from the focus as they stood then, whatever else is drawn. */
import { CARD } from "./geometry";
import { GAP_ALONG } from "./layout";
import type { Places } from "./layout";

/** By id: how far right of the focus, and below it. */
export type Spots = Readonly<Record<string, readonly [number, number]>>;

/** Where a box stands now, for keeping; undefined where there is no picture. */
export function spotOf(places: Places | undefined, focus: string, id: string): readonly [number, number] | undefined {
  const [from, place] = [places?.[focus], places?.[id]];
  return from && place ? [Math.round(place.x - from.x), Math.round(place.y - from.y)] : undefined;
}

/** The places with the pinned boxes where they were; whatever would lie beneath one moves down to where there is room. */
export function kept(places: Places, focus: string, spots: Spots): Places {
  const from = places[focus];
  const pinned = Object.entries(spots).filter(([id]) => id !== focus && places[id]);
  if (!from || pinned.length === 0) return places;
  const out: Record<string, { x: number; y: number }> = { ...places };
  for (const [id, [x, y]] of pinned) out[id] = { x: from.x + x, y: from.y + y };
  const fixed = new Set([focus, ...pinned.map(([id]) => id)]);
  const still = [...fixed].flatMap((id) => out[id] ?? []);
  for (const [id, place] of Object.entries(places)) {
    if (fixed.has(id) || !still.some((one) => overlap(one, place))) continue;
    const others = Object.entries(out).flatMap(([one, its]) => (one === id ? [] : [its]));
    let { y } = place;
    for (let hit = others.find((one) => overlap(one, { x: place.x, y })); hit; hit = others.find((one) => overlap(one, { x: place.x, y }))) {
      y = hit.y + CARD.height + GAP_ALONG;
    }
    out[id] = { x: place.x, y };
  }
  return out;
}

type Place = Places[string];

const overlap = (a: Place, b: Place): boolean =>
  Math.abs(a.x - b.x) < CARD.width && Math.abs(a.y - b.y) < CARD.height + GAP_ALONG / 2;
