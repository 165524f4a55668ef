import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { expect, test } from "vitest";
import { readAnew } from "./anew";

/** A query that is watched, whose answers come when they are let go. */
function asked() {
  const queries = new QueryClient();
  const answers: (() => void)[] = [];
  let now = 0;
  const read = (): Promise<number> => {
    const then = (now += 1);
    return new Promise((resolve) => answers.push(() => resolve(then)));
  };
  const watched = new QueryObserver(queries, { queryKey: ["a", 1], queryFn: read });
  const stop = watched.subscribe(() => undefined);
  return { queries, answers, stop, shown: () => queries.getQueryData<number>(["a", 1]) };
}

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

test("what was asked for before is not taken for what is there now", async () => {
  const { queries, answers, shown, stop } = asked();
  const done = readAnew(queries, { queryKey: ["a"] });
  answers[0]?.();
  await soon();
  expect([shown(), answers.length]).toEqual([1, 2]);
  answers[1]?.();
  await done;
  expect([shown(), answers.length]).toEqual([2, 2]);
  stop();
});

test("what is shown already is read once", async () => {
  const { queries, answers, shown, stop } = asked();
  answers[0]?.();
  await soon();
  const done = readAnew(queries, { queryKey: ["a"] });
  answers[1]?.();
  await done;
  expect([shown(), answers.length]).toEqual([2, 2]);
  stop();
});
