import { expect, test } from "vitest";
import { CARD, boxAt, boundsOf, cameraOn, cameraOver, levelOf, sightOf, within } from "./geometry";
import { scene } from "./made-scenes";

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

test("where the focus is at the end of a large picture, the room beyond it is not left empty", () => {
  const first = cameraOn(WIDE, "0", SCREEN);
  expect(first.x).toBeGreaterThan(0);
  expect(first.x).toBeLessThan(100);
  const last = cameraOn(WIDE, "19", SCREEN);
  const end = last.x + (19 * 330 + CARD.width) * last.zoom;
  expect(end).toBeLessThan(SCREEN.width);
  expect(end).toBeGreaterThan(SCREEN.width - 100);
});

test("an empty picture has bounds too", () => {
  expect(boundsOf({})).toEqual({ x: 0, y: 0, ...CARD });
});

test("the box under a point", () => {
  expect(boxAt(WIDE, { x: 340, y: 10 })).toBe("1");
  expect(boxAt(WIDE, { x: 325, y: 10 })).toBeUndefined();
});

test("what is in sight stays the same while one moves a little, and is never less than the screen", () => {
  const sight = sightOf({ x: 0, y: 0, zoom: 1 }, SCREEN);
  expect(sightOf({ x: -20, y: 30, zoom: 1.02 }, SCREEN)).toBe(sight);
  expect(sightOf({ x: -900, y: 0, zoom: 1 }, SCREEN)).not.toBe(sight);
  for (const [x, y, zoom] of [[0, 0, 1], [-333, 71, 0.7], [5_000, -800, 0.3], [-77, -1, 1.5]] as const) {
    const [left = 0, top = 0, right = 0, bottom = 0] = sightOf({ x, y, zoom }, SCREEN).split(" ").map(Number);
    expect(left).toBeLessThan(-x / zoom);
    expect(top).toBeLessThan(-y / zoom);
    expect(right).toBeGreaterThan((SCREEN.width - x) / zoom);
    expect(bottom).toBeGreaterThan((SCREEN.height - y) / zoom);
  }
});

test("of a long row only the boxes in sight", () => {
  const told = scene(Object.keys(WIDE).map((id) => `${id} > ${id}`).join(", "));
  expect(within(told, WIDE, "600 -100 1000 100").map(({ id }) => id)).toEqual(["2", "3"]);
});
