import { expect, test } from "vitest";
import { searchSearch } from "./search-search";

test("the address of results keeps what it knows; digits are words", () => {
  expect(searchSearch({ q: 2026, label: "Run", everywhere: true })).toEqual({ q: "2026", label: "Run", everywhere: true });
  expect(searchSearch({ q: "", label: "Nonsense", everywhere: "yes" })).toEqual({});
});
