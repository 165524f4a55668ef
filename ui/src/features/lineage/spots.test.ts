import { expect, test } from "vitest";
import { CARD } from "./geometry";
import { kept, spotOf } from "./spots";

const BEFORE = { focus: { x: 0, y: 0 }, pinned: { x: 330, y: 0 }, other: { x: 330, y: 90 } };

test("a pinned box stands as far from the focus as it did, wherever the focus goes", () => {
  const spot = spotOf(BEFORE, "focus", "pinned") ?? [0, 0];
  const after = { focus: { x: 660, y: 200 }, pinned: { x: 990, y: 500 } };
  const places = kept(after, "focus", { pinned: spot });
  expect(places["pinned"]).toEqual({ x: 990, y: 200 });
  expect(places["focus"]).toBe(after.focus);
});

test("what would lie beneath it moves to where there is room, all else stays", () => {
  const after = { focus: { x: 0, y: 0 }, pinned: { x: 0, y: 400 }, a: { x: 330, y: 0 }, b: { x: 330, y: 90 }, c: { x: 660, y: 0 } };
  const { a, b, c, pinned } = kept(after, "focus", { pinned: [330, 10] });
  expect(pinned).toEqual({ x: 330, y: 10 });
  expect(c).toEqual(after.c);
  const rows = [pinned, a, b].map((one) => one?.y ?? 0).toSorted((one, other) => one - other);
  expect(rows.slice(1).every((y, at) => y - (rows[at] ?? 0) >= CARD.height)).toBe(true);
});

test("a pin that is not in the picture, or none, changes nothing", () => {
  expect(kept(BEFORE, "focus", { gone: [1, 2] })).toBe(BEFORE);
  expect(kept(BEFORE, "focus", {})).toBe(BEFORE);
  expect(spotOf(BEFORE, "focus", "gone")).toBeUndefined();
  expect(spotOf(undefined, "focus", "pinned")).toBeUndefined();
});
