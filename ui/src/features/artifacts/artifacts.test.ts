import { describe, expect, test } from "vitest";
import { artifactSearch, artifactsSearch } from "./artifact-search";
import { columnsBetween, figuresBetween, filesBetween } from "./diffing";
import { readersOf } from "./readers";
import { statsOf } from "./statistics";

describe("addresses", () => {
  test("keep what they know and drop what they do not", () => {
    expect(artifactSearch({ of: "dataset:iris", view: "nonsense", v: 3, with: "" })).toEqual({ of: "dataset:iris", v: "3" });
    expect(artifactSearch({ view: "compare", with: "x" })).toEqual({ of: "", view: "compare", with: "x" });
    expect(artifactSearch({ of: "team/dataset:iris@2" })).toEqual({ of: "team/dataset:iris", v: "2" });
    expect(artifactSearch({ of: "dataset:iris@2", v: "1" })).toEqual({ of: "dataset:iris", v: "1" });
    expect(artifactSearch({ of: "artifact:team/dataset/a@b" })).toEqual({ of: "artifact:team/dataset/a@b" });
    expect(artifactsSearch({ text: "", type: "dataset", other: 1 })).toEqual({ type: "dataset" });
  });
});

describe("statistics", () => {
  test("take figures, and leave out what is none", () => {
    const told = { rows: 3, columns: { a: { min: "x", max: 2, nulls: null, histogram: { counts: [1, 2] } }, b: [1] }, odd: {} };
    const { facts, columns } = statsOf(told);
    expect(facts).toEqual([["rows", 3]]);
    expect(columns.get("a")).toEqual({ min: "x", max: 2, counts: [1, 2] });
    expect(columns.get("b")).toEqual({});
    expect(statsOf("nonsense").columns.size).toBe(0);
  });
});

describe("differences", () => {
  const column = (name: string, type: string, nullable = true) => ({ name, type, nullable });

  test("of columns are by name and type", () => {
    const before = [column("a", "int64"), column("b", "string"), column("c", "double")];
    const after = [column("a", "int64"), column("b", "string", false), column("d", "bool")];
    expect(columnsBetween(before, after)).toEqual([
      { sign: "changed", name: "b", before: "string", after: "string, required" },
      { sign: "removed", name: "c", before: "double", after: "" },
      { sign: "added", name: "d", before: "", after: "bool" },
    ]);
  });

  test("of figures are those of columns that both have", () => {
    const before = statsOf({ rows: 1, columns: { a: { min: 0, max: 1 }, gone: { min: 0 } } });
    const after = statsOf({ rows: 2, columns: { a: { min: 0, max: 5 }, come: { min: 0 } } });
    expect(figuresBetween(before, after, String)).toEqual([
      { sign: "changed", name: "a · max", before: "1", after: "5" },
      { sign: "changed", name: "rows", before: "1", after: "2" },
    ]);
  });

  test("of files are by path and digest, of links by where they lead", () => {
    const file = (path: string, sha256: string | null, link: string | null = null) => ({ path, size: 1, sha256, link });
    const found = filesBetween([file("a", "1"), file("l", null, "a")], [file("a", "2"), file("l", null, "b")]);
    expect(found.map(({ name, before, after }) => [name, before, after])).toEqual([
      ["a", "1", "2"],
      ["l", "→ a", "→ b"],
    ]);
  });
});

test("readers are the runs that read a version, the newest first, with what they made", () => {
  const node = (uid: string, label: string, at: string | null = null) => ({
    uid, label, at, name: uid, project: "p", state: "", ordinal: 1, jobName: "", hidden: false,
  });
  const nodes = [node("version:p/dataset/a@1", "ArtifactVersion"), node("run:1", "Run", "2026-01-01"), node("run:2", "Run", "2026-02-01"), node("version:p/model/m@x", "ArtifactVersion")];
  const edges = [
    { from: "version:p/dataset/a@1", to: "run:1", role: "data" },
    { from: "version:p/dataset/a@1", to: "run:2", role: "" },
    { from: "run:1", to: "version:p/model/m@x", role: "model" },
  ];
  const found = readersOf("version:p/dataset/a@1", nodes, edges);
  expect(found.map(({ run, role }) => [run.uid, role])).toEqual([["run:2", ""], ["run:1", "data"]]);
  expect(found[1]?.made.map(({ artifact }) => artifact)).toEqual(["artifact:p/model/m"]);
});
