import { expect, test } from "vitest";
import { lineageSearch } from "@/features/lineage/lineage-search";
import { runSearch } from "@/features/run/run-search";
import { runsSearch } from "@/features/runs/runs-search";
import { ignoredIn, toldSearch } from "./known-search";

const runs = toldSearch(runsSearch);

test.each([
  [{ sort: "nonsense" }, ["sort=nonsense"]],
  [{ sort: "-job" }, ["sort=-job"]],
  [{ sort: "constructor" }, ["sort=constructor"]],
  [{ sort: "-m.loss", cols: ["state", "p.lr"], states: ["FAILED"] }, []],
  [{ cols: ["state", "colour", "m."], states: ["FAILED", "LOST"] }, ["cols=colour", "cols=m.", "states=LOST"]],
  [{ status: "failed", q: "", job: null, all: false }, ["status=failed"]],
  [{ sort: "-started", view: undefined }, []],
  [{ ignored: ["sort=x", 3], sort: "x" }, ["sort=x"]],
])("of what %j says of runs, %j is ignored and told", (told, expected) => {
  expect(ignoredIn(runs(told) as never)).toEqual(expected);
});

test("what is usual need not be said, and is not told of", () => {
  expect(ignoredIn(toldSearch(runSearch)({ tab: "overview", axis: "step" }) as never)).toEqual([]);
  expect(ignoredIn(toldSearch(lineageSearch)({ up: 1, view: "VERSION", down: -5 }) as never)).toEqual(["down=-5"]);
});

test("what is told of is no longer than an address may be", () => {
  const ignored = ignoredIn(runs({ cols: Array.from({ length: 500 }, (_, at) => `${at}`.repeat(200)) }) as never);
  expect([ignored.length, Math.max(...ignored.map((one) => one.length))]).toEqual([20, 100]);
});

test("words of the language itself are words like any other in an address", () => {
  const told = JSON.parse('{"constructor":"a","toString":1,"__proto__":["b"],"sort":"-started"}') as Record<string, unknown>;
  expect(ignoredIn(runs(told) as never)).toEqual(["constructor=a", "toString=1", "__proto__=b"]);
});

test("what an address says to be ignored is cut, too, and never within a sign", () => {
  const [long, signs] = ignoredIn(runs({ ignored: ["x".repeat(9_000)], q2: "😀".repeat(90) }) as never);
  expect(long).toHaveLength(100);
  expect(signs).toBe(`q2=${"😀".repeat(48)}`);
});
