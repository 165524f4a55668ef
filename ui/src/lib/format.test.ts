import { describe, expect, test } from "vitest";
import { ago, duration, figure, bytes } from "./format";

const NOW = Date.parse("2026-11-28T12:00:00Z");

describe("times", () => {
  test.each([
    ["2026-11-28T11:59:30Z", "30 sec. ago"],
    ["2026-11-28T11:57:00Z", "3 min. ago"],
    ["2026-11-27T12:00:00Z", "yesterday"],
    ["2026-11-28T12:00:00Z", "now"],
    ["2026-11-28T14:00:00Z", "in 2 hr."],
  ])("%s is %s", (time, words) => {
    expect(ago(time, "en", NOW)).toBe(words);
  });

  test("in Korean", () => {
    expect(ago("2026-11-28T11:57:00Z", "ko", NOW)).toBe("3분 전");
  });
});

describe("durations", () => {
  test.each([
    [0.25, "0.3 sec"],
    [42, "42 sec"],
    [60, "1 min"],
    [3_599.6, "1 hr"],
    [3_725, "1 hr 2 min"],
  ])("%s s are %s", (seconds, words) => {
    expect(duration(seconds, "en")).toBe(words);
  });
});

test("figures show what matters, and pass on what is no number", () => {
  expect(figure(0.123456, "en")).toBe("0.1235");
  expect(figure("NaN", "en")).toBe("NaN");
});

test("sizes are told in the unit that fits them", () => {
  expect(bytes(0, "en")).toBe("0 byte");
  expect(bytes(1_536, "en")).toBe("1.5 kB");
  expect(bytes(3.2e9, "en")).toBe("3.2 GB");
});
