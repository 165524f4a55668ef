import { expect, test } from "vitest";
import { selectionOf, selectorOf } from "./selector";

test.each([
  ["model:churn@prod", "model:churn@prod", undefined, undefined],
  ["+model:churn@prod+2", "model:churn@prod", 10, 2],
  ["3+dataset:iris", "dataset:iris", 3, 0],
  ["dataset:iris+", "dataset:iris", 0, 10],
  ["99+run:0197+0", "run:0197", 10, 0],
  [" model:churn@prod 2", "model:churn@prod", 10, 2],
  ["version:team/dataset/c++@run:1", "version:team/dataset/c++@run:1", undefined, undefined],
])("%s", (text, focus, up, down) => {
  expect(selectionOf(text)).toEqual({ focus, up, down });
});

test("a selection is told as it is read", () => {
  for (const [up, down] of [[1, 1], [0, 2], [10, 0], [10, 10]] as const) {
    expect(selectionOf(selectorOf("model:churn@prod", up, down))).toEqual({ focus: "model:churn@prod", up, down });
  }
});
