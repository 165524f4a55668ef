import { expect, test } from "vitest";
import { causesTable, shortValue, sortedCauses } from "./causes";
import type { Difference } from "./difference";

const head = (uid: string, name: string, ordinal: number | null = null): NonNullable<Difference["before"]> => ({
  uid,
  name,
  ordinal,
  label: "ArtifactVersion",
  kind: "dataset",
  project: "default",
  state: "",
  version: "",
  jobName: "",
  at: null,
  deletedAt: null,
  hidden: false,
});
const RAW: Difference = { kind: "CHANGED", depth: 3, at: "2026-11-28T00:00:00Z", before: head("a1", "raw", 1), after: head("a2", "raw", 2), changes: [] };
const MODEL: Difference = { ...RAW, depth: 0, before: head("m1", "m", 1), after: head("m2", "m", 2), changes: [{ field: "digest", before: "x", after: "y" }] };
const AGAIN: Difference = { ...RAW, kind: "RERUN", depth: 9, before: head("r1", "run"), after: head("r2", "run") };

test("what explains the others comes first, what only ran again last", () => {
  const rows = sortedCauses({ differences: [AGAIN, MODEL, RAW], first: [], root: ["a1", "a2"], same: 1 });
  expect(rows).toEqual([RAW, MODEL, AGAIN]);
});

test("the table has a line for each field that differs", () => {
  expect(causesTable([RAW, MODEL]).slice(1)).toEqual([
    ["CHANGED", "ArtifactVersion", "raw@1", "raw@2", "3", "2026-11-28T00:00:00Z", "", "", ""],
    ["CHANGED", "ArtifactVersion", "m@1", "m@2", "0", "2026-11-28T00:00:00Z", "digest", "x", "y"],
  ]);
});

test("uids are told by their names", () => {
  const uid = `version:demo/dataset/train@sha256:a909f7fa7af6${"0".repeat(52)}`;
  expect(shortValue(uid, new Map())).toBe("train@a909f7fa7af6");
  expect(shortValue(uid, new Map([[uid, "train@3"]]))).toBe("train@3");
  expect(shortValue("0.1", new Map())).toBe("0.1");
});
