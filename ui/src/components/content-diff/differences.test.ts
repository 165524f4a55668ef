import { expect, test } from "vitest";
import { linesBetween } from "./lines";
import { tableBetween } from "./rows";

const told = (before: string, after: string): string[] =>
  (linesBetween(before, after) ?? []).map((line) => (line.sign === "skipped" ? `… ${line.count}` : `${line.before ?? "-"} ${line.after ?? "-"} ${line.sign} ${line.text}`));

test("of two texts the lines around what changed are shown, with their numbers", () => {
  const many = Array.from({ length: 9 }, (_, at) => `line ${at + 1}`).join("\n");
  expect(told(many, many.replace("line 5", "five\nand more"))).toEqual([
    "… 1",
    "2 2 same line 2",
    "3 3 same line 3",
    "4 4 same line 4",
    "5 - removed line 5",
    "- 5 added five",
    "- 6 added and more",
    "6 7 same line 6",
    "7 8 same line 7",
    "8 9 same line 8",
    "… 1",
  ]);
  expect(told("a\r\nb\r\n", "a\nb")).toEqual(["… 2"]);
  expect(told("", "a\n")).toEqual(["- 1 added a"]);
});

const table = (names: string, ...rows: unknown[][]) => ({ columns: names.split(" ").map((name) => ({ name })), rows });

test("of two tables rows that came, went and changed are told, whatever the order of their columns", () => {
  const found = tableBetween(table("id n old", [1, "a", 0], [2, "b", 0], [3, "c", 0]), table("n id new", ["a", 1, 9], ["B", 2, 9], ["c", 3, 9], ["d", 4, 9]));
  expect(found?.columns).toEqual([
    { name: "n", sign: "same" },
    { name: "id", sign: "same" },
    { name: "new", sign: "added" },
    { name: "old", sign: "removed" },
  ]);
  expect(found?.same).toBe(2);
  expect(found?.rows.map(({ sign, at }) => `${sign} ${at}`)).toEqual(["changed 2", "added 4"]);
  expect(found?.rows[0]?.cells.map(({ differs }) => differs)).toEqual([true, false, false, false]);
});

test("rows with nothing in common are no changed row, and tables without a common column are not laid over each other", () => {
  expect(tableBetween(table("a", [1]), table("a", [2]))?.rows.map(({ sign }) => sign)).toEqual(["removed", "added"]);
  expect(tableBetween(table("a", [1]), table("b", [1]))).toBeNull();
});
