import { describe, expect, test } from "vitest";
import { scene } from "./made-scenes";
import { besides, between, pathsThrough, waysOf } from "./scene";

describe("paths through a box", () => {
  const ways = waysOf(scene("raw > prepare > clean > train > model > eval, other > train, clean > plot"));

  test("go against the flow and along it, never back and forth", () => {
    expect([...pathsThrough(ways, "train")].toSorted()).toEqual(["clean", "eval", "model", "other", "prepare", "raw", "train"]);
  });

  test("end although the flow goes in a circle", () => {
    const circle = waysOf(scene("a > b > c > a"));
    expect([...pathsThrough(circle, "b")].toSorted()).toEqual(["a", "b", "c"]);
  });

  test("of neighbours only one step", () => {
    expect([...besides(ways, "clean")].toSorted()).toEqual(["clean", "plot", "prepare", "train"]);
  });
});

describe("the way between two boxes", () => {
  const ways = waysOf(scene("raw > prepare > clean > train > model, other > train, clean > plot, raw > check"));

  test("is found from either end, with all that lies on it and nothing beside", () => {
    const way = ["clean", "prepare", "raw", "train"];
    expect([...between(ways, "raw", "train")].toSorted()).toEqual(way);
    expect([...between(ways, "train", "raw")].toSorted()).toEqual(way);
  });

  test("is nothing where none leads to the other", () => {
    expect(between(ways, "plot", "other").size).toBe(0);
  });
});
