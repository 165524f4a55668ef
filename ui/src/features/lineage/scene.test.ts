import { describe, expect, test } from "vitest";
import { box, scene } from "./made-scenes";
import { besides, merge, pathsThrough, waysOf } from "./scene";

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

describe("opening a box further", () => {
  const first = scene("raw > run > model", { raw: { hiddenUp: 3 } });

  test("adds what is new, keeps what is there, and counts what is still hidden", () => {
    const more = { ...scene("source > raw", { raw: { hiddenUp: 2 } }), focus: "raw" };
    const both = merge(first, more, "UPSTREAM");
    expect([...both.boxes.keys()].toSorted()).toEqual(["model", "raw", "run", "source"]);
    expect(both.boxes.get("raw")).toMatchObject({ hiddenUp: 2, depth: 1 });
    expect(both.boxes.get("source")).toMatchObject({ side: "UPSTREAM", depth: 2 });
    expect(both.lines).toHaveLength(3);
    expect(both.version).not.toBe(first.version);
  });

  test("shows nothing twice: not a node that is there, not a stack of nodes that are there", () => {
    const stack = box("group:1", { stack: { count: 1, states: {}, members: ["run"], best: null } });
    const more = { ...scene("raw > group:1", { raw: {} }), focus: "raw" };
    const told = { ...more, boxes: new Map([...more.boxes, ["group:1", stack] as const]) };
    const both = merge(first, told, "DOWNSTREAM");
    expect([...both.boxes.keys()].toSorted()).toEqual(["model", "raw", "run"]);
    expect(both.lines).toHaveLength(2);
  });
});
