/** Cards that come near the screen: a few at each frame, before one sees them. All at once, they would hold up
 * the frame in which they come while one drags the picture. */
import { useEffect, useMemo, useState } from "react";
import type { Box } from "./scene";

const FEWEST = 8;
const PART = 1 / 16;

interface Shown {
  near: readonly Box[];
  boxes: readonly Box[];
}

/** What is there already, and a few more; all at once where most is new, for then nothing is being dragged. */
export function fewMore(near: readonly Box[], had: readonly Box[]): readonly Box[] {
  const known = new Set(had.map(({ id }) => id));
  const there = near.filter(({ id }) => known.has(id)).length;
  if (there < near.length / 2) return near;
  let left = Math.max(FEWEST, near.length * PART);
  const boxes = near.filter(({ id }) => known.has(id) || left-- > 0);
  return boxes.length === near.length ? near : boxes;
}

/** Of the boxes near the screen, those that are shown by now. */
export function useByAndBy(near: readonly Box[]): readonly Box[] {
  const [last, setLast] = useState<Shown>({ near, boxes: near });
  const shown = useMemo(() => (last.near === near ? last : { near, boxes: fewMore(near, last.boxes) }), [last, near]);
  if (shown !== last) setLast(shown);
  useEffect(() => {
    if (shown.boxes.length === shown.near.length) return;
    const next = requestAnimationFrame(() => setLast({ near: shown.near, boxes: fewMore(shown.near, shown.boxes) }));
    return () => cancelAnimationFrame(next);
  }, [shown]);
  return shown.boxes;
}
