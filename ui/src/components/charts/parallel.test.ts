import { describe, expect, test } from "vitest";
import { axisOf, isWithin, shareOf, shifted, valueAt } from "./parallel";

describe("axes", () => {
  test("of numbers run from the least to the greatest, on a log scale if that is possible", () => {
    const plain = axisOf("lr", [0.001, 0.1, null], false);
    expect([shareOf(plain, 0.001), shareOf(plain, 0.1), shareOf(plain, null)]).toEqual([0, 1, null]);
    const log = axisOf("lr", [0.001, 0.1], true);
    expect(shareOf(log, 0.01)).toBeCloseTo(0.5);
    expect(valueAt(log, 0.5)).toBeCloseTo(0.01);
    expect(axisOf("x", [0, 1], true).log).toBe(false);
    expect(shareOf(axisOf("x", [3, 3], false), 3)).toBe(0.5);
  });

  test("of words have a place for each", () => {
    const axis = axisOf("optimizer", ["sgd", "adam", true, null], false);
    expect(axis.words).toEqual(["adam", "sgd", "true"]);
    expect([shareOf(axis, "sgd"), shareOf(axis, true), shareOf(axis, "rms")]).toEqual([0.5, 1, null]);
  });
});

test("a brush keeps the lines that go through it", () => {
  expect(isWithin([0.2, 0.9], [undefined, undefined])).toBe(true);
  expect(isWithin([0.2, 0.9], [[0, 0.3], [0.8, 1]])).toBe(true);
  expect(isWithin([0.2, null], [undefined, [0, 1]])).toBe(false);
});

test("axes change places, and the first and last stay where they are", () => {
  expect(shifted(["a", "b", "c"], 0, 1)).toEqual(["b", "a", "c"]);
  expect(shifted(["a", "b", "c"], 0, -1)).toEqual(["a", "b", "c"]);
  expect(shifted(["a", "b", "c"], 2, 1)).toEqual(["a", "b", "c"]);
});
