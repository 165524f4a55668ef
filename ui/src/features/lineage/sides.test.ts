import { expect, test } from "vitest";
import { scene } from "./made-scenes";
import { branchOf, branchesIn, folded, hiddenIn, openedAs } from "./sides";

const MADE = scene("model, raw > prepare > clean > train > model, raw > tune > other, clean > judge", { model: {} });
const of = (told: string): string[] => [...branchOf(MADE, told)].toSorted();

test("a branch is what hangs on the picture by this side of a box alone", () => {
  expect(of("<clean")).toEqual(["other", "prepare", "raw", "tune"]);
  expect(of(">clean")).toEqual(["judge"]); // and not the way to the focus
  expect(of(">raw")).toEqual(["other", "tune"]);
  expect(of("<model")).toEqual(["clean", "judge", "other", "prepare", "raw", "train", "tune"]);
  expect(of("<nobody")).toEqual([]);
});

test("what comes in from elsewhere too is of no branch", () => {
  const two = scene("model, a > b > model, a > c > model", { model: {} });
  expect([...branchOf(two, "<b")]).toEqual([]);
  expect([...branchOf(scene("x, a > x > b, a > b", { x: {} }), "<x")]).toEqual([]);
});

test("with a side all is folded that only it had brought", () => {
  expect(folded(MADE, ["<clean", ">>>raw", ">tune", ">clean"], "<clean")).toEqual([">clean"]);
  expect(folded(MADE, ["<clean", ">>>raw", ">tune"], ">>>raw")).toEqual(["<clean"]);
});

test("boxes and branches are hidden together, and what is not there hides nothing", () => {
  expect([...hiddenIn(MADE, ["judge", ">raw", "gone", "<gone"])].toSorted()).toEqual(["judge", "other", "tune"]);
  expect([...branchesIn(MADE, ["judge", ">raw"])]).toEqual([[">raw", 2]]);
});

test("a side is opened however far", () => {
  expect(openedAs(["<<<raw", ">raw"], "<", "raw")).toBe("<<<raw");
  expect(openedAs([">raw"], "<", "raw")).toBeUndefined();
});
