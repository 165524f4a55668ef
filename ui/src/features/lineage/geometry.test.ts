import { expect, test } from "vitest";
import { CARD, boxAt, boundsOf, cameraOn, cameraOver, levelOf } from "./geometry";

const SCREEN = { width: 1_000, height: 600 };
const WIDE = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`${at}`, { x: at * 330, y: 0 }]));

test("a picture that fits is shown whole, in the middle, and not blown up", () => {
  const places = { a: { x: 0, y: 0 }, b: { x: 330, y: 0 } };
  const { x, y, zoom } = cameraOn(places, "a", SCREEN);
  expect(zoom).toBe(1);
  expect(x + ((330 + CARD.width) / 2) * zoom).toBeCloseTo(SCREEN.width / 2);
  expect(y + (CARD.height / 2) * zoom).toBeCloseTo(SCREEN.height / 2);
});

test("of a large picture one sees the focus, large enough to be read", () => {
  const { x, zoom } = cameraOn(WIDE, "7", SCREEN);
  expect(levelOf(zoom)).toBe("full");
  expect(x + (7 * 330 + CARD.width / 2) * zoom).toBeCloseTo(SCREEN.width / 2);
  expect(levelOf(cameraOver(WIDE, SCREEN).zoom)).toBe("far");
});

test("an empty picture has bounds too", () => {
  expect(boundsOf({})).toEqual({ x: 0, y: 0, ...CARD });
});

test("the box under a point", () => {
  expect(boxAt(WIDE, { x: 340, y: 10 })).toBe("1");
  expect(boxAt(WIDE, { x: 325, y: 10 })).toBeUndefined();
});
