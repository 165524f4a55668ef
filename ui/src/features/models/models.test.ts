import { describe, expect, test } from "vitest";
import { factsOf, sentenceOf } from "./deeds";
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

describe("what was done to a model", () => {
  const deed = { at: "", by: "lineage/kim", action: "", target: "model:p/churn", version: "", alias: "", reason: "", before: {}, after: {} };
  const name = (text: string): string => `\u2068${text}\u2069`;

  test("is said by its kind, with what it was done to", () => {
    const move = { ...deed, action: "setAlias", alias: "prod", version: "2", before: { version: "1" }, after: { version: "2" } };
    expect(sentenceOf(move)).toMatchObject({ id: "deed.setAlias", values: { alias: name("prod") } });
    expect(sentenceOf({ ...move, before: { version: "" } })?.id).toBe("deed.setAlias.new");
    const held = { ...deed, action: "setHold", target: "modelversion:p/churn@3", after: { hold: true } };
    expect(sentenceOf(held)).toMatchObject({ id: "deed.held", values: { version: name("3") } });
    const free = { ...deed, action: "setProtection", target: "alias:p/churn@prod", after: { protected: false } };
    expect(sentenceOf(free)).toMatchObject({ id: "deed.unprotected", values: { of: "alias", name: name("prod") } });
    const verdict = { ...deed, action: "decideApproval", target: "approval:p/churn@1", version: "3", after: { verdict: "rejected" } };
    expect(sentenceOf(verdict)).toMatchObject({ id: "deed.rejected", values: { of: "other", version: name("3") } });
    expect(sentenceOf({ ...verdict, alias: "prod" })).toMatchObject({ values: { of: "alias", alias: name("prod") } });
    expect(sentenceOf({ ...deed, action: "setModelState", after: { state: "ready" }, before: { state: "archived" } })?.id).toBe("deed.ready");
    expect(sentenceOf({ ...deed, action: "setModelState", after: { state: "pending" } })?.id).toBe("deed.state");
  });

  test("of a kind that nobody knows has no words", () => {
    expect(sentenceOf({ ...deed, action: "constructor" })).toBeUndefined();
    expect(sentenceOf({ ...deed, action: "decideApproval", after: { verdict: "toString" } })).toBeUndefined();
  });

  test("shows what changed, not what stayed", () => {
    const gone = { ...deed, action: "deleteNode", before: { deleted: false, erased: false }, after: { deleted: true, erased: false } };
    expect(factsOf(gone, "before")).toEqual([{ name: "deed.fact.deleted", value: { word: "deed.fact.no" } }]);
    expect(factsOf(gone, "after")).toEqual([{ name: "deed.fact.deleted", value: { word: "deed.fact.yes" } }]);
    const told = { ...deed, action: "updateModel", before: { owner: null, card: "…" }, after: { owner: "kim", card: "…", metrics: { auc: 0.5 }, odd: { a: 1 } } };
    expect(factsOf(told, "before")).toEqual([{ name: "models.owner", value: { word: "deed.fact.none" } }]);
    expect(factsOf(told, "after")).toEqual([
      { name: "models.owner", value: { text: "kim" } },
      { name: "model.card", value: { word: "deed.fact.new" } },
      { name: { told: "auc" }, value: { number: 0.5 } },
      { name: { told: "odd" }, value: { text: '{"a":1}' } },
    ]);
  });

  test("names tags as they are, whatever else is called so", () => {
    const tagged = { ...deed, action: "setTags", before: { state: "a", team: null }, after: { state: "ready", team: "b" } };
    expect(factsOf(tagged, "after")).toEqual([
      { name: { told: "state" }, value: { text: "ready" } },
      { name: { told: "team" }, value: { text: "b" } },
    ]);
    expect(factsOf(tagged, "before")[1]).toEqual({ name: { told: "team" }, value: { word: "deed.fact.none" } });
  });
});
