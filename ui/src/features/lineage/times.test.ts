import { expect, test } from "vitest";
import { scene } from "./made-scenes";
import { stopsOf, utc } from "./times";

test("stops begin with the focus, each once and in order", () => {
  const told = scene("model > eval, raw > model", {
    model: { at: "2026-11-02T10:00:00Z" },
    eval: { at: "2026-11-03T10:00:00.123456Z" },
    raw: { at: "2026-11-01T10:00:00Z" },
  });
  expect(stopsOf(told, ["2026-11-02T10:00:00.000Z", undefined])).toEqual(["2026-11-02T10:00:00.000Z", "2026-11-03T10:00:00.124Z"]);
});

test("a time is never before what happened in it", () => {
  expect(utc("2026-11-03T10:00:00.000001Z")).toBe("2026-11-03T10:00:00.001Z");
  expect(utc("2026-11-03T19:00:00+09:00")).toBe("2026-11-03T10:00:00.000Z");
});
