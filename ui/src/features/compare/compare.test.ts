import { describe, expect, test } from "vitest";
import { comparedRuns } from "@/lib/compared";
import { columnsOf, runNames, usualAxes, usualPair } from "./columns";
import { nameOfVersion, sameAs } from "./compared-values";
import { compareSearch, runsIn } from "./compare-search";
import { chosenPair, versionRows } from "./content-rows";
import { rowName } from "./row-name";
import type { Say } from "@/lib/words";

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

describe("runs that are called the same", () => {
  const run = (id: string, startedAt: string | null, name = "train") => ({ uid: `run:${id}`, name, jobName: "", startedAt });
  const names = (...runs: ReturnType<typeof run>[]): string[] => [...runNames(runs, (time) => time.slice(11, 16)).values()];

  test("are told apart by when they began; others keep their names", () => {
    const told = names(run("a", "2026-11-28T10:00:00Z"), run("b", "2026-11-28T11:30:00Z"), run("c", null, "judge"));
    expect(told).toEqual(["train · 10:00", "train · 11:30", "judge"]);
  });

  test("by as many digits of their ids as it takes where they began together, or not at all", () => {
    const at = "2026-11-28T10:00:00Z";
    expect(names(run("0198c0de-aa", at), run("0298c0de-bb", at))).toEqual(["train · 0198c0de", "train · 0298c0de"]);
    expect(names(run("0198c0de-aa", at), run("0198c0de-bb", null), run("0198c0de-bc", null))).toEqual([
      "train · 0198c0de-a",
      "train · 0198c0de-bb",
      "train · 0198c0de-bc",
    ]);
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

describe("columns of charts", () => {
  const columns = columnsOf([
    { part: "PARAMETER", name: "lr", differs: true, values: [0.1, 0.2] },
    { part: "PARAMETER", name: "seed", differs: false, values: [1, 1] },
    { part: "PARAMETER", name: "optimizer", differs: true, values: ["adam", "sgd"] },
    { part: "METRIC", name: "acc", differs: true, values: [0.5, null] },
    { part: "OUTPUT", name: "net", differs: true, values: ["version:a", "version:b"] },
  ]);

  test("are parameters and metrics", () => {
    expect(columns.map(({ key }) => key)).toEqual(["p.lr", "p.seed", "p.optimizer", "m.acc"]);
  });

  test("are chosen by what was tried and what came of it", () => {
    expect(usualAxes(columns)).toEqual(["p.lr", "p.optimizer", "m.acc"]);
    expect(usualPair(columns)).toEqual({ x: "p.lr", y: "m.acc" });
    expect(usualPair([])).toEqual({ x: undefined, y: undefined });
  });
});

test("inputs and outputs that are other versions can be laid over each other, two at a time", () => {
  const [one, two] = ["version:p/dataset/clean@sha256:1111111111", "version:p/dataset/clean@sha256:2222222222"];
  const rows = versionRows([
    { part: "INPUT", name: "data", values: [one, two, one] },
    { part: "OUTPUT", name: "net", values: [[one], [one], null] },
    { part: "PARAMETER", name: "rate", values: [1, 2, 3] },
  ]);
  expect(rows.map(({ key }) => key)).toEqual(["INPUT data"]);
  const [row] = rows;
  if (!row) throw new Error("no row");
  expect(row.choices.map(({ uid, runs }) => [uid, runs])).toEqual([[one, [0, 2]], [two, [1]]]);
  expect(chosenPair(row, {})).toEqual({ a: row.choices[0], b: row.choices[1] });
  expect(chosenPair(row, { a: two, b: two })).toEqual({ a: row.choices[1], b: row.choices[0] });
  expect(chosenPair(row, { b: one })).toEqual({ a: row.choices[1], b: row.choices[0] });
});

test("what the server calls in words of its own is said in those of the page, keys of people's own stay", () => {
  const say: Say = (id, values) => `<${id}${values ? ` ${values["name"]}` : ""}>`;
  expect(rowName({ part: "CODE", name: "commit" }, say)).toBe("<run.commit>");
  expect(rowName({ part: "PARAMETER", name: "commit" }, say)).toBe("commit");
  expect(rowName({ part: "RESOURCE", name: "asked for cpu" }, say)).toBe("<compare.row.asked cpu>");
  expect(rowName({ part: "RESOURCE", name: "constructor" }, say)).toBe("constructor");
});
