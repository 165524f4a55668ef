import { describe, expect, test } from "vitest";
import { scene } from "./made-scenes";
import { outlineOf, stepOf } from "./outline";

const NONE: ReadonlySet<string> = new Set();
const made = scene("train > model, clean > train, raw > clean, raw > train", { train: {} });
const told = (closed = NONE): string[] =>
  outlineOf(made, closed).map((row) => `${"  ".repeat(row.level - 1)}${row.id}${row.again ? " (again)" : ""}`);

describe("the outline", () => {
  test("goes from the focus outwards and shows each box once with all below it", () => {
    expect(told()).toEqual(["train", "  clean", "    raw", "  raw (again)", "  model"]);
  });

  test("leaves out what is below a closed row", () => {
    const [, clean] = outlineOf(made, NONE);
    expect(told(new Set([clean?.key ?? ""]))).toEqual(["train", "  clean", "  raw", "  model"]);
  });

  test("ends although the flow goes in a circle", () => {
    expect(outlineOf(scene("a > b > c > a"), NONE).length).toBeLessThan(8);
  });

  test("has a row for each box that hangs on a circle, once", () => {
    const circle = scene("a > b > c > a, b > d > e, x > c, e > e");
    const rows = outlineOf(circle, NONE).filter((row) => !row.again);
    expect(new Set(rows.map(({ id }) => id))).toEqual(new Set(circle.boxes.keys()));
    expect(rows).toHaveLength(new Set(rows.map(({ id, side }) => side + id)).size);
  });

  test("has a row for what only another box leads to, below that box", () => {
    const tree = scene("thing > one, one > two, raw > one, raw > beside, said > two", { thing: {} });
    const rows = outlineOf(tree, NONE).map((row) => `${"  ".repeat(row.level - 1)}${row.side[0]} ${row.id}${row.again ? " (again)" : ""}`);
    expect(rows).toEqual(["F thing", "  D one", "    U raw", "      D beside", "    D two", "      U said"]);
  });

  test("says place and number of siblings", () => {
    const raw = outlineOf(made, NONE).filter((row) => row.level === 2 && row.side === "UPSTREAM");
    expect(raw.map(({ place, of }) => [place, of])).toEqual([
      [1, 2],
      [2, 2],
    ]);
  });
});

describe("keys in the outline", () => {
  const rows = outlineOf(made, NONE);
  const keys = rows.map((row) => row.key);
  const [train, clean, raw] = keys as [string, string, string];

  test.each([
    ["ArrowDown", train, { go: clean }],
    ["ArrowUp", clean, { go: train }],
    ["ArrowUp", train, null],
    ["End", train, { go: keys.at(-1) }],
    ["Home", raw, { go: train }],
    ["ArrowRight", train, { go: clean }],
    ["ArrowLeft", clean, { close: clean }],
    ["ArrowLeft", raw, { go: clean }],
    ["ArrowRight", raw, null],
    ["x", train, null],
  ])("%s from %s", (key, from, step) => {
    expect(stepOf(rows, from, key)).toEqual(step);
  });

  test("ArrowRight opens a closed row", () => {
    const shut = outlineOf(made, new Set([clean]));
    expect(stepOf(shut, clean, "ArrowRight")).toEqual({ open: clean });
  });
});
