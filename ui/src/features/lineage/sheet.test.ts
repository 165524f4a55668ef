import { expect, test } from "vitest";
import { CARD } from "./geometry";
import { box, scene } from "./made-scenes";
import { nameOf, sheetOf } from "./sheet";

const PLACES = { a: { x: 0, y: 0 }, b: { x: 330, y: 100 }, c: { x: 660, y: 0 } };

test("lines that look alike are one strand, from the right side of a card to the left of the next", () => {
  const { strands } = sheetOf(scene("a > b > c"), PLACES);
  expect(strands.map(({ lines }) => lines.length)).toEqual([2]);
  expect([...(strands[0]?.ends ?? [])].slice(0, 4)).toEqual([CARD.width, CARD.height / 2, 330, 100 + CARD.height / 2]);
});

test("what is drawn otherwise is a strand of its own", () => {
  const told = scene("a > b > c, a > c");
  const [first, second, third] = told.lines;
  if (!first || !second || !third) throw new Error("three lines were told");
  const lines = [first, { ...second, type: "VIA" }, { ...third, change: "removed" as const }];
  const { strands } = sheetOf({ ...told, lines }, PLACES);
  expect(strands.map(({ change, dashed }) => [change, dashed])).toEqual([[null, false], [null, true], ["removed", true]]);
});

test("boxes are side by side by their colour, and what has no place is left out", () => {
  const told = { ...scene("a > b > c > d"), boxes: new Map(["a", "b", "c", "d"].map((id) => [id, box(id, id === "b" ? { label: "Run" } : {})])) };
  const { strands, tints } = sheetOf(told, PLACES);
  expect(tints.map(({ hue, boxes }) => [hue, boxes.map(({ id }) => id)])).toEqual([["dataset", ["a", "c"]], ["run", ["b"]]]);
  expect(strands[0]?.lines.map(({ to }) => to)).toEqual(["b", "c"]);
});

test("what stands for many is known, and is called by how many they are", () => {
  const stack = { count: 12, states: {}, members: [], best: null };
  const told = scene("a > b > c", { b: { title: "train", stack } });
  const { stacks, boxes } = sheetOf(told, PLACES);
  expect(stacks.map((id) => nameOf(boxes.get(id) ?? box(id)))).toEqual(["12 × train"]);
});
