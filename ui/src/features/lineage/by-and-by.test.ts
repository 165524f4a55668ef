import { expect, test } from "vitest";
import { fewMore } from "./by-and-by";
import type { Box } from "./scene";

const boxes = (from: number, to: number): Box[] => Array.from({ length: to - from }, (_, at) => ({ id: `${from + at}` }) as Box);
const ids = (all: readonly Box[]): string[] => all.map(({ id }) => id);

test("of what comes near, a few at a time, until all is there", () => {
  let had: readonly Box[] = boxes(0, 100);
  const near = boxes(30, 130);
  const counts = [];
  while (had !== near && counts.length < 100) {
    had = fewMore(near, had);
    counts.push(had.length);
  }
  expect(counts).toEqual([78, 86, 94, 100]);
});

test("more at a time where much is near, so that none comes late", () => {
  expect(fewMore(boxes(0, 640), boxes(0, 600))).toHaveLength(640);
  expect(fewMore(boxes(0, 640), boxes(0, 500))).toHaveLength(540);
});

test("what is not near any more goes at once, and all that stays keeps its order", () => {
  const near = boxes(20, 40);
  expect(ids(fewMore(near, boxes(0, 32).toReversed()))).toEqual(ids(near));
});

test("where one looks elsewhere, all comes at once", () => {
  expect(fewMore(boxes(200, 300), boxes(0, 100))).toHaveLength(100);
  expect(fewMore(boxes(60, 160), boxes(0, 100))).toHaveLength(100);
  expect(fewMore(boxes(0, 3), [])).toHaveLength(3);
});

test("the boxes are those of now, not those of before", () => {
  const near = [{ id: "a", title: "new" } as Box];
  expect(fewMore(near, [{ id: "a", title: "old" } as Box])[0]?.title).toBe("new");
});
