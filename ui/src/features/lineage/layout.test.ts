import { describe, expect, test } from "vitest";
import { enginesFor, measure } from "./layout";
import type { Places, Plan } from "./layout";
import { byDagre } from "./layout-dagre";
import { byDot, sourceOf } from "./layout-dot";
import examples from "./layout-examples.json";
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

/** The client's pictures are laid out by a twin in Python, which has the same test. */
test.each(examples)("our own ranker places $what as the client does", ({ nodes, edges, places }) => {
  const boxes = nodes.map((id) => ({ id, width: 232, height: 68 }));
  const found = byLite({ boxes, lines: edges.map(([from = "", to = ""]) => ({ from, to })) });
  expect(Object.fromEntries(Object.entries(found).map(([id, { x, y }]) => [id, [x, y]]))).toEqual(places);
});

describe("guards before any engine", () => {
  const lines = (count: number) => plan(Array.from({ length: count }, (_, at) => [`${at % 40}`, `x${at % 41}`] as const));
  const chain = plan(Array.from({ length: 500 }, (_, at) => [`${at}`, `${at + 1}`] as const));

  test("count boxes, lines, the busiest box and the longest path", () => {
    expect(measure(DIAMOND)).toEqual({ boxes: 4, lines: 5, most: 3, longest: 3 });
    expect(measure(CIRCLE).longest).toBe(0);
    expect(measure(chain).longest).toBe(501);
  });

  test("hand the layered engines only what they can do", () => {
    expect(enginesFor(DIAMOND)).toEqual(["dot", "dagre", "lite"]);
    for (const wild of [lines(2_000), chain, plan(Array.from({ length: 900 }, (_, at) => ["hub", `${at}`] as const))]) {
      expect(enginesFor(wild)).toEqual(["lite"]);
    }
  });
});

test("dot places each box once, in layers, and none over another", async () => {
  for (const given of [DIAMOND, CIRCLE, FAN]) {
    const places = await byDot(given);
    expect(Object.keys(places).toSorted()).toEqual(given.boxes.map(({ id }) => id).toSorted());
    expect(overlaps(places)).toEqual([]);
  }
  const { raw, left, model } = await byDot(DIAMOND);
  expect([raw, left, model].map((one) => one?.x ?? NaN).toSorted((a, b) => a - b)).toEqual([raw?.x, left?.x, model?.x]);
});

test("nothing that anybody called a box is in what dot reads", () => {
  expect(sourceOf(plan([['"];evil', "<b>"]]))).not.toMatch(/evil|<b>/);
});

test("five thousand boxes are laid out in a second", () => {
  const chain = Array.from({ length: 5_000 }, (_, at) => [`${at >> 2}`, `${at + 1}`] as const);
  const began = performance.now();
  expect(Object.keys(byLite(plan(chain)))).toHaveLength(5_001);
  expect(performance.now() - began).toBeLessThan(5_000);
});
