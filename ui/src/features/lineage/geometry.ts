/** Sizes, levels and cameras: what of the picture is arithmetic. */
import type { Places } from "./layout";
import type { Box, Scene } from "./scene";

/** Every card has this size at every level, so that nothing moves when one comes nearer. */
export const CARD = { width: 232, height: 68 } as const;

export type Level = "full" | "compact" | "far";

const FULL_FROM = 0.6;
const COMPACT_FROM = 0.25;
/** Below this a card can be read no longer: better to see a part. */
const LEAST_ZOOM = 0.5;
const MOST_ZOOM = 1;
/** Room for the buttons at both sides of the outermost cards. */
const MARGIN = { across: 112, along: 48 };

export function levelOf(zoom: number): Level {
  if (zoom >= FULL_FROM) return "full";
  return zoom >= COMPACT_FROM ? "compact" : "far";
}

export interface Camera {
  x: number;
  y: number;
  zoom: number;
}

export interface Corner {
  x: number;
  y: number;
}

interface Bounds extends Corner {
  width: number;
  height: number;
}

export function boundsOf(places: Places): Bounds {
  const all = Object.values(places);
  if (all.length === 0) return { x: 0, y: 0, ...CARD };
  let [x, y, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const one of all) {
    x = Math.min(x, one.x);
    y = Math.min(y, one.y);
    right = Math.max(right, one.x + CARD.width);
    bottom = Math.max(bottom, one.y + CARD.height);
  }
  return { x, y, width: right - x, height: bottom - y };
}

/** All of it, in the middle, at most at its own size. */
export function cameraOver(places: Places, { width, height }: { width: number; height: number }, margin?: number): Camera {
  const bounds = boundsOf(places);
  const { across, along } = margin === undefined ? MARGIN : { across: margin, along: margin };
  const zoom = Math.min(MOST_ZOOM, (width - across) / bounds.width, (height - along) / bounds.height);
  return {
    x: width / 2 - (bounds.x + bounds.width / 2) * zoom,
    y: height / 2 - (bounds.y + bounds.height / 2) * zoom,
    zoom,
  };
}

/** All of it where its cards can be read then, else the focus at a size that can, in the middle or as near to it as
 * leaves no room empty that the rest could fill. */
export function cameraOn(places: Places, focus: string, screen: { width: number; height: number }): Camera {
  const all = cameraOver(places, screen);
  const place = places[focus];
  if (all.zoom >= LEAST_ZOOM || !place) return all;
  const zoom = 0.8;
  const bounds = boundsOf(places);
  return {
    x: filled(screen.width, (place.x + CARD.width / 2) * zoom, bounds.x * zoom, bounds.width * zoom, MARGIN.across / 2),
    y: filled(screen.height, (place.y + CARD.height / 2) * zoom, bounds.y * zoom, bounds.height * zoom, MARGIN.along / 2),
    zoom,
  };
}

/** Where a picture of so much begins for this of it to be in the middle of the room, as far as it fills the room then. */
function filled(room: number, middle: number, from: number, size: number, margin: number): number {
  if (size + 2 * margin <= room) return (room - size) / 2 - from;
  return Math.min(margin - from, Math.max(room - margin - size - from, room / 2 - middle));
}

/** What is on the screen and around it, in steps of about a third of a screen: the same text until one has gone on
 * by as much, so that what follows from it is worked out now and then, not with each frame. */
export function sightOf({ x, y, zoom }: Camera, { width, height }: { width: number; height: number }): string {
  const across = stepOf(width / zoom);
  const along = stepOf(height / zoom);
  const left = Math.floor(-x / zoom / across - 0.5) * across;
  const top = Math.floor(-y / zoom / along - 0.5) * along;
  const right = Math.ceil((width - x) / zoom / across + 0.5) * across;
  const bottom = Math.ceil((height - y) / zoom / along + 0.5) * along;
  return [left, top, right, bottom].join(" ");
}

/** A power of two, so that it stays what it is while one comes a little nearer. */
const stepOf = (length: number): number => 2 ** Math.floor(Math.log2(Math.max(1, length / 2)));

/** The boxes that are at least in part in there. */
export function within({ boxes }: Scene, places: Places, sight: string): Box[] {
  const [left = 0, top = 0, right = 0, bottom = 0] = sight.split(" ").map(Number);
  return [...boxes.values()].filter(({ id }) => {
    const place = places[id];
    return place && place.x < right && place.x + CARD.width > left && place.y < bottom && place.y + CARD.height > top;
  });
}

/** The box at a point of the picture. */
export function boxAt(places: Places, { x, y }: { x: number; y: number }): string | undefined {
  return Object.entries(places).find(
    ([, place]) => x >= place.x && x <= place.x + CARD.width && y >= place.y && y <= place.y + CARD.height,
  )?.[0];
}
