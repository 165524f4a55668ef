/** From series of metrics to lines that are drawn: which axis, how smooth, on which scale. */
import type { MetricHistoriesQuery } from "@/gql/graphql";

export type Series = MetricHistoriesQuery["metricHistories"][number]["series"][number];
export type Axis = "step" | "relative" | "wall";
export type Range = readonly [least: number, greatest: number];

export interface Line {
  name: string;
  /** its place among all lines, which is its colour; where nothing is said, the place it has here */
  at?: number;
  x: readonly number[];
  /** null where there is no number, or none that the scale has a place for */
  y: readonly (number | null)[];
  /** points alone, not joined */
  dots?: boolean;
}

const numberOf = (value: number | string): number => (typeof value === "number" ? value : Number.NaN);

/** Places on the axis: steps, or seconds since the first point, or since 1970. */
export function placesOf(series: Series, axis: Axis): number[] {
  if (axis === "step") return series.steps;
  // Not there yet where another axis was looked at until now.
  const seconds = (series.times ?? []).map((time) => Date.parse(time) / 1_000);
  return axis === "wall" ? seconds : seconds.map((one) => one - (seconds[0] ?? 0));
}

export interface Look {
  axis: Axis;
  /** 0 as it is, towards 1 smoother */
  smooth: number;
  logX: boolean;
  logY: boolean;
}

export const PLAIN_LOOK: Look = { axis: "step", smooth: 0, logX: false, logY: false };

export function lineOf(name: string, series: Series, { axis, smooth, logX, logY }: Look): Line {
  const places = placesOf(series, axis);
  const values = smoothed(series.values.map(numberOf), smooth);
  const kept = places.map((_, at) => at).filter((at) => !logX || (places[at] ?? 0) > 0);
  // Time may run backwards between two witnesses; a line never does.
  if (places.length < series.steps.length) return { name, x: [], y: [] };
  const order = axis === "step" ? kept : kept.toSorted((a, b) => (places[a] ?? 0) - (places[b] ?? 0));
  const drawn = (value: number | undefined): number | null =>
    value === undefined || !Number.isFinite(value) || (logY && value <= 0) ? null : value;
  return { name, x: order.map((at) => places[at] ?? 0), y: order.map((at) => drawn(values[at])) };
}

/** A running mean that forgets, set right at its beginning; gaps stay gaps. */
export function smoothed(values: readonly number[], weight: number): number[] {
  if (weight <= 0) return [...values];
  let mean = 0;
  let count = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    mean = mean * weight + (1 - weight) * value;
    count += 1;
    return mean / (1 - weight ** count);
  });
}

/** The first and the last place of all lines; null where there is none. */
export function extentOf(lines: readonly Line[]): Range | null {
  let least = Infinity;
  let greatest = -Infinity;
  for (const { x } of lines) {
    for (const place of x) {
      if (place < least) least = place;
      if (place > greatest) greatest = place;
    }
  }
  return least <= greatest ? [least, greatest] : null;
}

const FINEST = 1e-12;

/** What an axis shows: where all lies at one place, some room beside it, for no axis has marks of no distance. */
export function wider(least: number | null, greatest: number | null, log: boolean): [number | null, number | null] {
  if (least === null || greatest === null || greatest - least > FINEST * Math.abs(greatest)) return [least, greatest];
  if (log) return [least / 2, greatest * 2];
  const room = Math.abs(least) / 2 || 1;
  return [least - room, greatest + room];
}

export type Move = "in" | "out" | "left" | "right";

/** How far the left end moves, and how wide it gets, in widths of what is seen. */
const STEPS: Record<Move, { by: number; times: number }> = {
  in: { by: 0.25, times: 0.5 },
  out: { by: -0.5, times: 2 },
  left: { by: -0.25, times: 1 },
  right: { by: 0.25, times: 1 },
};

/** What is looked at after a step closer, back or aside; null is all of it. */
export function moved([least, greatest]: Range, full: Range, how: Move): Range | null {
  const width = greatest - least;
  const { by, times } = STEPS[how];
  const wide = width * times;
  if (wide >= full[1] - full[0]) return null;
  const from = Math.min(Math.max(full[0], least + width * by), full[1] - wide);
  return [from, from + wide];
}

/** The steps of what lies between two places, with one beside on each side so that lines leave the picture. */
export function stepsWithin(series: readonly Series[], axis: Axis, [least, greatest]: Range): Range {
  let from = Infinity;
  let to = -Infinity;
  for (const one of series) {
    placesOf(one, axis).forEach((place, at, all) => {
      const next = all[at + 1] ?? place;
      const last = all[at - 1] ?? place;
      if (next < least || last > greatest) return;
      from = Math.min(from, one.steps[at] ?? from);
      to = Math.max(to, one.steps[at] ?? to);
    });
  }
  return from <= to ? [from, to] : [Math.floor(least), Math.ceil(greatest)];
}

/** The place in ascending places that is nearest. */
export function nearest(places: readonly number[], wanted: number): number {
  let low = 0;
  let high = places.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((places[middle] ?? 0) < wanted) low = middle;
    else high = middle;
  }
  return Math.abs((places[low] ?? 0) - wanted) <= Math.abs((places[high] ?? 0) - wanted) ? low : high;
}

const GOLDEN_ANGLE = 137.508;
const DASHES: readonly (readonly number[])[] = [[], [7, 4], [2, 3]];
const HUES = 8;

/** A colour and a dash for each line: lines of like colours differ in their dashes. */
export function strokeOf(at: number, dark: boolean): { colour: string; dash: readonly number[] } {
  const hue = Math.round((222 + (at % HUES) * GOLDEN_ANGLE + Math.floor(at / HUES) * 9) % 360);
  return { colour: `hsl(${hue} ${dark ? "75% 68%" : "70% 40%"})`, dash: DASHES[Math.floor(at / HUES) % DASHES.length] ?? [] };
}
