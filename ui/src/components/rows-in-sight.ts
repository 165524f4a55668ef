/** Which rows of a long list are drawn: those in sight and some beside, all of one height; on paper all that are there. */
import { useLayoutEffect, useRef, useState } from "react";
import type { RefObject } from "react";
import { usePrinting } from "./printing";

const ROWS_BESIDE = 12;
const COLUMNS_BESIDE = 3;
/** Until the frame is measured, which is before anything is painted. */
const FIRST_HEIGHT = 700;
const FIRST_WIDTH = 1_200;
/** More than fills a hundred sheets nobody wants, and a browser needs long for it. */
const MOST_PRINTED = 4_000;

export interface RowsInSight {
  frame: RefObject<HTMLElement | null>;
  /** of the rows that are drawn: the first, and the one after the last */
  first: number;
  last: number;
  /** pixels of the rows that are not */
  above: number;
  below: number;
  printing: boolean;
}

/** The frame that scrolls takes `frame` as its ref. */
export function useRowsInSight(count: number, height: number): RowsInSight {
  const printing = usePrinting();
  const frame = useRef<HTMLElement | null>(null);
  const [seen, setSeen] = useState({ top: 0, height: FIRST_HEIGHT });
  useLayoutEffect(() => {
    const it = frame.current;
    if (!it) return undefined;
    const look = (): void => {
      // Whole rows: a new picture only where another row comes into sight.
      const top = Math.floor(it.scrollTop / height) * height;
      setSeen((before) => (before.top === top && before.height === it.clientHeight ? before : { top, height: it.clientHeight }));
    };
    look();
    const size = new ResizeObserver(look);
    size.observe(it);
    it.addEventListener("scroll", look, { passive: true });
    return () => {
      size.disconnect();
      it.removeEventListener("scroll", look);
    };
  }, [height]);
  if (printing) return { frame, first: 0, last: Math.min(count, MOST_PRINTED), above: 0, below: 0, printing };
  const { first, last } = rowsBetween(seen.top, seen.height, count, height);
  return { frame, first, last, above: first * height, below: (count - last) * height, printing };
}

/** The same for columns of one width, right of `before` pixels of other columns: the first, and the one after the last. */
export function useColumnsInSight(
  frame: RefObject<HTMLElement | null>,
  count: number,
  width: number,
  before: number,
): { first: number; last: number } {
  const [seen, setSeen] = useState({ left: 0, width: FIRST_WIDTH });
  useLayoutEffect(() => {
    const it = frame.current;
    if (!it) return undefined;
    const look = (): void => {
      const left = Math.max(0, Math.floor((it.scrollLeft - before) / width)) * width;
      setSeen((last) => (last.left === left && last.width === it.clientWidth ? last : { left, width: it.clientWidth }));
    };
    look();
    const size = new ResizeObserver(look);
    size.observe(it);
    it.addEventListener("scroll", look, { passive: true });
    return () => {
      size.disconnect();
      it.removeEventListener("scroll", look);
    };
  }, [frame, width, before]);
  return rowsBetween(seen.left, seen.width, count, width, COLUMNS_BESIDE);
}

/** The first row and the one after the last of those that are drawn. */
export function rowsBetween(top: number, seen: number, count: number, height: number, beside = ROWS_BESIDE): { first: number; last: number } {
  const last = Math.min(count, Math.ceil((top + seen) / height) + beside);
  return { first: Math.max(0, Math.min(Math.floor(top / height) - beside, last)), last };
}
