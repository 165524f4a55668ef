import { describe, expect, test } from "vitest";
import { engineFor } from "./layout";
import type { Places, Plan } from "./layout";
import { byDagre } from "./layout-dagre";
import { byLite } from "./layout-lite";

const WIDTH = 232;
const HEIGHT = 64;

function plan(edges: readonly (readonly [string, string])[], more: readonly string[] = []): Plan {
  const ids = [...new Set([...edges.flat(), ...more])];
  return {
    boxes: ids.map((id) => ({ id, width: WIDTH, height: HEIGHT })),
    lines: edges.map(([from, to]) => ({ from, to })),
  };
}

function overlaps(places: Places): string[] {
  const all = Object.entries(places);
  return all.flatMap(([a, one], at) =>
    all
      .slice(at + 1)
      .filter(([, other]) => Math.abs(one.x - other.x) < WIDTH && Math.abs(one.y - other.y) < HEIGHT)
      .map(([b]) => `${a} and ${b}`),
  );
}

const DIAMOND = plan([
  ["raw", "left"],
  ["raw", "right"],
  ["left", "model"],
  ["right", "model"],
  ["raw", "model"],
]);
const CIRCLE = plan([
  ["a", "b"],
  ["b", "c"],
  ["c", "a"],
]);
const FAN = plan(
  Array.from({ length: 300 }, (_, at) => ["hub", `child ${at}`] as const),
  ["alone"],
);

describe.each([
  ["dagre", byDagre],
  ["lite", byLite],
])("%s", (_, lay) => {
  test("puts what comes later further right", () => {
    const places = lay(DIAMOND);
    const x = (id: string): number => places[id]?.x ?? NaN;
    expect(x("raw")).toBeLessThan(x("left"));
    expect(x("left")).toBe(x("right"));
    expect(x("left")).toBeLessThan(x("model"));
  });

  test.each([
    ["a diamond", DIAMOND],
    ["a circle", CIRCLE],
    ["a fan with a box that nothing leads to", FAN],
  ])("places each box of %s once, and none over another", (__, given) => {
    const places = lay(given);
    expect(Object.keys(places).toSorted()).toEqual(given.boxes.map(({ id }) => id).toSorted());
    expect(overlaps(places)).toEqual([]);
  });
});

test("many boxes, and many lines between few, are not given to dagre", () => {
  const lines = (count: number) => plan(Array.from({ length: count }, (_, at) => [`${at % 40}`, `x${at % 41}`] as const));
  expect(engineFor(DIAMOND)).toBe("dagre");
  expect(engineFor(lines(2_000))).toBe("lite");
  expect(engineFor(plan(Array.from({ length: 900 }, (_, at) => ["hub", `${at}`] as const)))).toBe("lite");
});

test("five thousand boxes are laid out in a second", () => {
  const chain = Array.from({ length: 5_000 }, (_, at) => [`${at >> 2}`, `${at + 1}`] as const);
  const began = performance.now();
  expect(Object.keys(byLite(plan(chain)))).toHaveLength(5_001);
  expect(performance.now() - began).toBeLessThan(5_000);
});
