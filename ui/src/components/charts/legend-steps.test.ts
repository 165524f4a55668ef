import { expect, test } from "vitest";
import { legendStep } from "./legend-steps";

test("arrows go round, Home and End to the ends, other keys nowhere", () => {
  expect(["ArrowRight", "ArrowLeft", "Home", "End", "a"].map((key) => legendStep(2, 3, key))).toEqual([0, 1, 0, 2, undefined]);
  expect(legendStep(0, 0, "ArrowRight")).toBeUndefined();
});
