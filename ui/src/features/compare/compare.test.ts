import { describe, expect, test } from "vitest";
import { comparedRuns } from "@/lib/compared";
import { nameOfVersion, sameAs } from "./compared-values";
import { compareSearch, runsIn } from "./compare-search";

describe("an address of a comparison", () => {
  test("names the runs it was made of, each once", () => {
    const runs = ["run:0198c0de-0000-7000-8000-000000000001", "run:0198c0de-0000-7000-8000-000000000002"];
    expect(runsIn(comparedRuns([...runs, ...runs]))).toEqual(runs);
    expect(runsIn()).toEqual([]);
  });

  test("believes nothing that it does not know", () => {
    expect(compareSearch({ runs: 3, all: "yes", tab: "pie" })).toEqual({});
    expect(compareSearch({ runs: "a.b", all: true, tab: "scatter" })).toEqual({ runs: "a.b", all: true, tab: "scatter" });
  });
});

test("a version is called by its name and the first digits of its digest", () => {
  expect(nameOfVersion("version:team-a/dataset/a/b@sha256:6e9788bd47a5")).toBe("a/b@6e9788bd");
  expect(nameOfVersion("version:odd")).toBe("version:odd");
});

test("lists of versions are the same if they name the same", () => {
  expect(sameAs(["a", "b"], ["a", "b"])).toBe(true);
  expect(sameAs(["a"], "a")).toBe(false);
  expect(sameAs(null, undefined)).toBe(false);
});
