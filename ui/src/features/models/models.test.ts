import { describe, expect, test } from "vitest";
import { approvalFor, figureRows, namesIn } from "./figures";
import { modelsNamed, versionCalled } from "./model-meant";
import { modelSearch, modelsSearch } from "./model-search";

describe("figures of versions", () => {
  test("stand side by side, and say which is least and greatest", () => {
    const rows = figureRows([
      { version: "2", metrics: [{ key: "auc", value: 0.9 }, { key: "loss", value: "NaN" }] },
      { version: "1", metrics: [{ key: "auc", value: 0.8 }] },
    ]);
    expect(rows).toEqual([
      { key: "auc", values: [0.9, 0.8], least: 0.8, greatest: 0.9 },
      { key: "loss", values: ["NaN", undefined] },
    ]);
  });

  test("that are the same single nothing out", () => {
    const same = { metrics: [{ key: "auc", value: 1 }] };
    expect(figureRows([{ version: "1", ...same }, { version: "2", ...same }])).toEqual([{ key: "auc", values: [1, 1] }]);
  });
});

test("names are apart by commas and blanks, each once", () => {
  expect(namesIn(" kim, max  service/ci,,kim ")).toEqual(["kim", "max", "service/ci"]);
});

test("an approval counts for its version and alias, while it is unused", () => {
  const one = (uid: string, alias: string, state = "approved", version = "v") => ({ uid, alias, state, version });
  expect(approvalFor([one("a", ""), one("b", "prod")], "v", "prod")).toBe("b");
  expect(approvalFor([one("a", "")], "v", "prod")).toBeUndefined();
  expect(approvalFor([one("a", "prod", "used"), one("b", "prod", "approved", "w")], "v", "prod")).toBeUndefined();
});

test("addresses keep what they know; a version that looks like a number is a word", () => {
  expect(modelSearch({ of: "model:p/m", view: "card", v: 2, other: 1 })).toEqual({ of: "model:p/m", view: "card", v: "2" });
  expect(modelsSearch({ text: "", register: "version:x" })).toEqual({ register: "version:x" });
});

test.each([
  ["model:team/churn", "model:team/churn"],
  ["model:team/churn@prod", "model:team/churn@prod model:team/churn+prod"],
  ["model:churn", "model:team/churn"],
  ["churn", "model:team/churn"],
  ["model:churn@", "model:team/churn model:team/churn@"],
  ["churn@3", "model:team/churn+3 model:team/churn@3"],
  ["other/model:a@b@prod", "model:other/a@b+prod model:other/a@b@prod"],
  ["model:a/b", "model:a/b model:team/a/b"],
])("what %s may name, the likeliest first", (told, meant) => {
  expect(modelsNamed(told, "team").map(({ uid, v }) => (v === undefined ? uid : `${uid}+${v}`)).join(" ")).toBe(meant);
});

test("an alias is the version that it points to", () => {
  const aliases = [{ name: "prod", version: "2" }, { name: "nowhere", version: "" }];
  expect(["prod", "2", "nowhere", "latest", undefined].map((v) => versionCalled(aliases, v))).toEqual(["2", "2", "nowhere", undefined, undefined]);
});
