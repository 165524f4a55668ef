import { expect, test } from "vitest";
import { parsed, withRead } from "./read";
import { named } from "@/lib/named";
import { placeOfNews, sentenceOf } from "./told";
import type { Item } from "./news-query";

const ITEM: Item = {
  id: "1", kind: "RUN_FAILED", at: "2026-01-01T00:00:00Z", project: "p", uid: "run:1", name: "train", model: "", version: "",
  before: "", alias: "", job: "", by: "", told: "", times: 1,
};
const OF_MODEL: Item = {
  ...ITEM, uid: "approval:p/a/b@1", model: "model:p/a/b", version: "modelversion:p/a/b@2", alias: "prod", by: "lineage/kim/x",
};
const bare = (values: object) => Object.fromEntries(Object.entries(values).map(([key, one]) => [key, String(one).replaceAll(/[\u2068\u2069]/g, "")]));

test("a name in a sentence is of a length to read and keeps its direction to itself", () => {
  expect(named("<b>x</b>")).toBe("\u2068<b>x</b>\u2069");
  expect(named("a\u202eb\u2069c")).toBe("\u2068abc\u2069");
  const long = named(`begin${"꽃".repeat(290)}end`);
  expect([...long]).toHaveLength(63);
  expect(long).toMatch(/^\u2068begin꽃+…꽃+end\u2069$/);
});

test("each kind says who did what to what", () => {
  expect(sentenceOf(ITEM)).toMatchObject({ id: "news.failed", values: { name: "\u2068train\u2069" } });
  const many = sentenceOf({ ...ITEM, job: "job:p/script/a/b", times: 3 });
  expect([many.id, bare(many.values)]).toEqual(["news.failed.job", { name: "train", job: "a/b", count: "3" }]);
  const said = (more: Partial<Item>) => {
    const { id, values } = sentenceOf({ ...OF_MODEL, ...more });
    return [id, bare(values)];
  };
  const told = { who: "somebody", by: "kim/x", model: "a/b", version: "2", alias: "prod" };
  expect(said({ kind: "APPROVAL_WAITING" })).toEqual(["news.waiting.alias", told]);
  expect(said({ kind: "REJECTED", alias: "" })).toEqual(["news.rejected", { who: "somebody", by: "kim/x", model: "a/b", version: "2" }]);
  expect(said({ kind: "ALIAS_MOVED" })).toEqual(["news.set", told]);
  expect(said({ kind: "ALIAS_MOVED", by: "local/local" })).toEqual(["news.set", { ...told, who: "nobody", by: "" }]);
  expect(said({ kind: "ALIAS_MOVED", before: "1" })).toEqual(["news.moved", { ...told, before: "1" }]);
  expect(said({ kind: "ALIAS_MOVED", version: "", before: "1" })).toEqual(["news.unset", { ...told, version: "1" }]);
});

test("each kind leads to where one acts on it, in its own project", () => {
  expect(placeOfNews(ITEM, "here")).toEqual({ to: "/p/$project/runs/$uid", params: { project: "p", uid: "run:1" } });
  const views = (["APPROVAL_WAITING", "REJECTED", "APPROVED", "ALIAS_MOVED"] as const).map((kind) => placeOfNews({ ...OF_MODEL, kind }, "here"));
  expect(views.map((one) => "search" in one && "of" in one.search && one.search.view)).toEqual(["approvals", "approvals", "aliases", "aliases"]);
  expect(placeOfNews({ ...ITEM, kind: "EVENTS_REFUSED", project: "" }, "here").params).toEqual({ project: "here" });
  expect(placeOfNews({ ...ITEM, kind: "DELIVERIES_FAILED", uid: "webhook:p/1" }, "here")).toMatchObject({ search: { hook: "webhook:p/1" } });
});

test("what was kept by somebody else is no harm, and the oldest is forgotten", () => {
  expect(["[1,", '{"a":1}', "null", null].map(parsed)).toEqual([[], [], [], []]);
  expect(parsed('["a",1,"b"]')).toEqual(["a", "b"]);
  expect(withRead(["a", "b"], ["c", "a"])).toEqual(["c", "a", "b"]);
  const many = Array.from({ length: 600 }, (_, at) => String(at));
  expect(withRead(many, ["new"])).toHaveLength(500);
});
