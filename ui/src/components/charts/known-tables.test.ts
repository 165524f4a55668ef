import { describe, expect, test } from "vitest";
import { confusionOf, rateCurveOf } from "./known-tables";

const table = (names: string[], rows: unknown[][]) => ({ columns: names.map((name) => ({ name, type: "" })), rows });

describe("a confusion matrix", () => {
  test("is known as a row for each pair; pairs that are not told did not happen", () => {
    const told = table(["Actual", "predicted", "count"], [["cat", "cat", 5], ["cat", "dog", 2], ["dog", "dog", 7]]);
    expect(confusionOf(told)).toEqual({ classes: ["cat", "dog"], counts: [[5, 2], [0, 7]] });
  });

  test("is known as a square", () => {
    expect(confusionOf(table(["", "a", "b"], [["a", 1, 2], ["b", 3, 4]]))?.counts).toEqual([[1, 2], [3, 4]]);
    expect(confusionOf(table(["", "a", "b"], [["b", 1, 2], ["a", 3, 4]]))).toBeNull();
    expect(confusionOf(table(["x", "y"], [[1, 2]]))).toBeNull();
  });
});

describe("a curve of rates", () => {
  test("is known by its columns, whatever their order is", () => {
    const roc = rateCurveOf(table(["threshold", "tpr", "fpr"], [[0, 1, 1], [1, 0, 0], [0.5, 1, 0]]));
    expect(roc).toMatchObject({ kind: "roc", x: [0, 0, 1], y: [0, 1, 1], area: 1 });
    expect(rateCurveOf(table(["precision", "recall"], [[1, 0], [0.5, 1]]))).toMatchObject({ kind: "pr", area: 0.75 });
    expect(rateCurveOf(table(["fpr", "tpr"], [[0, 7]]))).toBeNull();
  });
});
