import { expect, test } from "vitest";
import { lineageSearch } from "./lineage-search";

test("an address says only what differs from the usual", () => {
  expect(lineageSearch({ focus: "model:churn@prod", up: 1, down: 3, tab: "graph" })).toEqual({
    focus: "model:churn@prod",
    down: 3,
  });
});

test("what somebody made up is left out", () => {
  expect(lineageSearch({ focus: 7, up: -1, down: 1e9, more: ["<run:a", ">>>run:b", "<>run:c", "x", "<x", 3], at: "", view: "FIELD" })).toEqual({ more: ["<run:a", ">>>run:b"] });
  expect(lineageSearch({ pin: ["x", "run:a"], asOf: "2026-13-01T00:00:00Z" })).toEqual({ pin: ["run:a"] });
});
