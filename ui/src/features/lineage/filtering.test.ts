import { expect, test } from "vitest";
import { allOpenable, facetsOf, filteredOut, named, untagged, without } from "./filtering";
import { scene } from "./made-scenes";

const RUN = { label: "Run", kind: "training", state: "failed" };
const SMALL = scene("raw > prepare > clean > train > model", { model: { kind: "model" }, train: RUN, prepare: { ...RUN, state: "complete" } });
const NONE = { kinds: [], states: [], projects: [], times: [] };

test("chips count what is there", () => {
  expect(Object.fromEntries(facetsOf(SMALL).kinds)).toEqual({ dataset: 2, model: 1, training: 2 });
  expect([...facetsOf(SMALL).states.keys()]).toEqual(["complete", "failed"]);
});

test("a filter keeps the focus, and what has no such value", () => {
  expect(filteredOut(SMALL, NONE)).toEqual([]);
  expect(filteredOut(SMALL, { ...NONE, states: ["failed"] })).toEqual(["prepare"]);
  expect(filteredOut(SMALL, { ...NONE, kinds: ["dataset"] }).toSorted()).toEqual(["prepare", "train"]);
});

test("boxes are told apart by how long ago they were, the latest first", () => {
  const ago = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();
  const made = scene("a > b > c > d", { a: {}, b: { at: ago(2_000) }, c: { at: ago(1) }, d: { at: ago(100) } });
  expect([...facetsOf(made).times]).toEqual([["day", 1], ["week", 1], ["older", 1]]);
  expect(filteredOut(made, { ...NONE, times: ["day", "week"] })).toEqual(["b"]);
});

test("of tags one is enough, and a stack stays", () => {
  const stack = { count: 9, states: {}, members: [], best: null };
  const made = scene("a > b > c > d", { a: {}, d: { stack } });
  const tags = new Map([["a", ["team=x"]], ["b", ["team=y", "gold"]], ["c", []]]);
  expect(untagged(made, tags, [])).toEqual([]);
  expect(untagged(made, tags, ["gold", "team=x"])).toEqual(["c"]);
});

test("what was connected through hidden boxes still is", () => {
  const { boxes, lines } = without(SMALL, ["prepare", "clean", "train"]);
  expect([...boxes.keys()].toSorted()).toEqual(["model", "raw"]);
  expect(lines).toMatchObject([{ from: "raw", to: "model", type: "VIA" }]);
});

test("a circle can be hidden, the focus never", () => {
  const circle = without(scene("a > b > c > a"), ["a", "b"]);
  expect([...circle.boxes.keys()].toSorted()).toEqual(["a", "c"]);
  expect(circle.lines.map(({ from, to }) => from + to).toSorted()).toEqual(["ac", "ca"]);
});

test("names are found whatever their case, the nearest first", () => {
  const two = scene("a > b", { a: { title: "Iris@2", depth: 2 }, b: { title: "iris", depth: 1 } });
  expect(named(two, " IRIS", ({ title }) => title).map(({ id }) => id)).toEqual(["b", "a"]);
  expect(named(two, " ", ({ title }) => title)).toEqual([]);
});

test("all are opened as far as there is room", () => {
  const wide = scene("a > b", { a: { hiddenUp: 300 }, b: { hiddenUp: 2, hiddenDown: 3 } });
  expect(allOpenable(wide, [">b"], 250)).toEqual(["<b"]);
});
