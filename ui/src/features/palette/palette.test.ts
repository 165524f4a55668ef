import { expect, test } from "vitest";
import { askedFor, fits } from "./palette-entries";

test("a prefix narrows what is looked for; other words stay words", () => {
  expect(askedFor("m: churn")).toEqual({ text: "churn", labels: ["RegisteredModel", "ModelVersion"], scoped: true });
  expect(askedFor("R:")).toMatchObject({ text: "", scoped: true });
  expect(askedFor("x: y")).toMatchObject({ text: "x: y", scoped: false });
});

test("words fit in any order, and Hangul while it is typed", () => {
  expect(fits("Register a model", "model reg")).toBe(true);
  expect(fits("모델 등록", "모데")).toBe(true);
  expect(fits("모델 등록", "실행")).toBe(false);
});
