import { expect, test } from "vitest";
import { isWithin, pageOf } from "./pages";

test.each([
  ["/p/team", "page.home", false],
  ["/p/team/", "page.home", false],
  ["/p/team/runs", "page.runs", false],
  ["/p/team/artifact", "page.artifacts", true],
  ["/p/team/model", "page.models", true],
])("%s belongs to %s", (path, name, within) => {
  expect([pageOf(path)?.name, isWithin(path)]).toEqual([name, within]);
});

test("an address that is none of ours belongs to no page", () => {
  expect(pageOf("/p/team/nonsense")).toBeUndefined();
});
