import { expect, test } from "vitest";
import { timelineOf } from "./spans";
import type { Timed } from "./spans";

const NOW = Date.parse("2026-01-01T00:01:40Z");
const at = (second: number): string => new Date(Date.parse("2026-01-01T00:00:00Z") + second * 1_000).toISOString();
const step = (uid: string, from: number | null, to: number | null, state = "COMPLETE"): Timed => ({
  uid, state, startedAt: from === null ? null : at(from), endedAt: to === null ? null : at(to),
}); // prettier-ignore

test("steps stand where they were in the time of all, the first first", () => {
  const { steps, spans, seconds } = timelineOf([step("b", 50, 100), step("wait", null, null, "QUEUED"), step("a", 0, 25)], NOW);
  expect(steps.map(({ uid }) => uid)).toEqual(["a", "b", "wait"]);
  expect(seconds).toBe(100);
  expect(spans.get("a")).toEqual({ begin: 0, end: 0.25, after: 0, took: 25, running: false });
  expect(spans.get("b")).toEqual({ begin: 0.5, end: 1, after: 50, took: 50, running: false });
  expect(spans.has("wait")).toBe(false);
});

test("what runs goes on until now, and what nobody ended has no length", () => {
  const { spans } = timelineOf([step("lost", 0, null, "FAILED"), step("runs", 20, null, "RUNNING")], NOW);
  expect(spans.get("lost")).toEqual({ begin: 0, end: 0, after: 0, took: undefined, running: false });
  expect(spans.get("runs")).toEqual({ begin: 0.2, end: 1, after: 20, took: 80, running: true });
});

test("clocks that differ make nothing end before it begins", () => {
  const { spans, seconds } = timelineOf([step("a", 10, 5), step("ahead", 200, null, "RUNNING")], NOW);
  expect(spans.get("a")).toMatchObject({ begin: 0, end: 0, took: 0 });
  expect(spans.get("ahead")).toMatchObject({ begin: 1, end: 1, took: 0 });
  expect(seconds).toBe(190);
});

test("one step without length, and none at all", () => {
  expect(timelineOf([step("a", 3, 3)], NOW).spans.get("a")).toMatchObject({ begin: 0, end: 0, took: 0 });
  expect(timelineOf([], NOW)).toEqual({ steps: [], spans: new Map(), seconds: 0 });
});
