import { expect, test } from "vitest";
import { changedToday, dayBegan } from "./today";

const NOW = new Date(2026, 10, 28, 15, 0).getTime();
const at = (hour: number, day = 28) => new Date(2026, 10, day, hour).toISOString();

test("a day begins at midnight of the reader", () => {
  expect(new Date(dayBegan(NOW)).getHours()).toBe(0);
});

test("what changed today, the newest first", () => {
  const things = [
    { uid: "a", at: at(9) },
    { uid: "b", at: at(23, 27) },
    { uid: "c", at: at(14) },
    { uid: "d", at: null },
  ];
  expect(changedToday(things, NOW).map(({ uid }) => uid)).toEqual(["c", "a"]);
});
