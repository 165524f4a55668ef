import { describe, expect, test } from "vitest";
import { compared, tally } from "./difference";
import { box, scene } from "./made-scenes";

const changeOf = (laid: ReturnType<typeof compared>) => Object.fromEntries([...laid.boxes].map(([id, { change }]) => [id, change]));

describe("two scenes laid over each other", () => {
  const before = scene("raw > run > model, old > run", { model: {}, run: { state: "running" } });
  const after = scene("raw > run > model, new > run", { model: {}, run: { state: "complete" } });
  const laid = compared(before, after);

  test("say of each box what became of it", () => {
    expect(changeOf(laid)).toEqual({ raw: null, run: "changed", model: null, new: "added", old: "removed" });
    expect(tally(laid)).toEqual({ added: 1, removed: 1, changed: 1 });
  });

  test("and of each line", () => {
    const lines = laid.lines.map(({ from, to, change }) => `${from} ${to} ${change ?? ""}`.trim());
    expect(lines.toSorted()).toEqual(["new run added", "old run removed", "raw run", "run model"]);
  });
});

test("what came into a stack was not removed", () => {
  const members = ["a", "b", "c", "d", "e"];
  const stack = box("group:1", { stack: { count: 5, states: {}, members, best: null } });
  const singles = scene("raw > a, raw > b, raw > c, raw > d");
  const plain = scene("raw > group:1");
  const folded = { ...plain, boxes: new Map([...plain.boxes, ["group:1", stack] as const]) };
  expect(changeOf(compared(singles, folded))).toEqual({ raw: null, "group:1": "changed" });
  expect(changeOf(compared(folded, singles))).toMatchObject({ raw: null, a: "changed" });
});
