import { expect, test } from "vitest";
import { rowsBetween } from "./rows-in-sight";

test("rows in sight and some beside are drawn, however long the list is", () => {
  expect(rowsBetween(0, 600, 100_000, 37)).toEqual({ first: 0, last: 29 });
  expect(rowsBetween(3_700, 600, 100_000, 37)).toEqual({ first: 88, last: 129 });
  expect(rowsBetween(3_700, 600, 2, 37)).toEqual({ first: 2, last: 2 });
  expect(rowsBetween(0, 600, 2, 37)).toEqual({ first: 0, last: 2 });
});
