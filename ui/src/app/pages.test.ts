import { expect, test } from "vitest";
import { isOfAll, isWithin, leadsOn, pageOf } from "./pages";

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

test.each([
  ["/p/team", false, false],
  ["/p/team/runs", false, false],
  ["/p/team/runs/", false, false],
  ["/p/team/runs/run:1", false, true],
  ["/p/team/model", false, true],
  ["/p/team/projects", true, false],
  ["/p/projects", false, false],
])("whether %s is of no project, and whether it leads to the one of a thing", (path, all, leads) => {
  expect([isOfAll(path), leadsOn(path)]).toEqual([all, leads]);
});
