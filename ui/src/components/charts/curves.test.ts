import { describe, expect, test } from "vitest";
import { PLAIN_LOOK, extentOf, lineOf, moved, nearest, smoothed, stepsWithin, wider } from "./curves";
import type { Series } from "./curves";

const series = (steps: number[], values: (number | string)[]): Series => ({
  key: "loss",
  total: steps.length,
  thinned: false,
  steps,
  times: steps.map((step) => new Date(1_700_000_000_000 + step * 2_000).toISOString()),
  values,
});

describe("lines", () => {
  test("have gaps where there is no number, and on a log scale where there is no place", () => {
    const one = series([0, 1, 2], [1, "NaN", -1]);
    expect(lineOf("a", one, PLAIN_LOOK).y).toEqual([1, null, -1]);
    expect(lineOf("a", one, { ...PLAIN_LOOK, logY: true }).y).toEqual([1, null, null]);
    expect(lineOf("a", one, { ...PLAIN_LOOK, logX: true }).x).toEqual([1, 2]);
  });

  test("run by step, by seconds since their beginning, or by the clock", () => {
    const one = series([5, 6], [1, 2]);
    expect(lineOf("a", one, { ...PLAIN_LOOK, axis: "relative" }).x).toEqual([0, 2]);
    expect(lineOf("a", one, { ...PLAIN_LOOK, axis: "wall" }).x).toEqual([1_700_000_010, 1_700_000_012]);
    expect(extentOf([lineOf("a", one, PLAIN_LOOK), { name: "b", x: [-1], y: [0] }])).toEqual([-1, 6]);
    expect(extentOf([])).toBeNull();
  });

  test("are smoothed without a jump at the beginning", () => {
    expect(smoothed([2, 2, Number.NaN, 2], 0.9).map((one) => Math.round(one * 1e6) / 1e6)).toEqual([2, 2, Number.NaN, 2]);
    expect(smoothed([0, 1], 0.5)[1]).toBeCloseTo(2 / 3);
  });
});

describe("looking closer", () => {
  test("halves what is seen around its middle, and never leaves the whole", () => {
    expect(moved([0, 100], [0, 100], "in")).toEqual([25, 75]);
    expect(moved([25, 75], [0, 100], "out")).toBeNull();
    expect(moved([10, 20], [0, 100], "out")).toEqual([5, 25]);
    expect(moved([0, 50], [0, 100], "left")).toEqual([0, 50]);
    expect(moved([40, 90], [0, 100], "right")).toEqual([50, 100]);
  });

  test("asks for the steps in sight and one on each side", () => {
    const one = series([0, 10, 20, 30, 40], [1, 1, 1, 1, 1]);
    expect(stepsWithin([one], "step", [12, 28])).toEqual([10, 30]);
    expect(stepsWithin([one], "relative", [39, 41])).toEqual([10, 30]);
    expect(stepsWithin([], "step", [1.5, 3.5])).toEqual([1, 4]);
  });
});

test("the nearest point is found", () => {
  expect([-5, 0.4, 0.6, 9].map((one) => nearest([0, 1, 2], one))).toEqual([0, 0, 1, 2]);
  expect(nearest([], 1)).toBe(0);
});

test("an axis of a single place has room beside it", () => {
  expect(wider(1, 1, false)).toEqual([0.5, 1.5]);
  expect(wider(0, 0, false)).toEqual([-1, 1]);
  expect(wider(-4, -4, false)).toEqual([-6, -2]);
  expect(wider(8, 8, true)).toEqual([4, 16]);
  expect(wider(1, 3, false)).toEqual([1, 3]);
  expect(wider(null, null, false)).toEqual([null, null]);
});
