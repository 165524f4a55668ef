import { describe, expect, test } from "vitest";
import { ageIn, askedOf, canBeSaid, conditionsOf, filterOf, peopleIn, ranBy, taggedAs, tagsIn, withAge, withMine, withPeople, withTags } from "./conditions";
import { keysOf, nextSort, orderOf } from "./run-columns";
import { runsSearch } from "./runs-search";
import type { RunsSearch } from "./runs-search";
import { inputOf, keptViews, linkOf, nameThere, searchOf, shownOf } from "./views";
import type { View } from "./views";

describe("columns", () => {
  test("a column says what the server orders by, and nonsense means the usual order", () => {
    expect(orderOf()).toEqual({ by: "STARTED", direction: "DESC" });
    expect(orderOf("name")).toEqual({ by: "NAME", direction: "ASC" });
    expect(orderOf("-m.val/loss")).toEqual({ metric: "val/loss", direction: "DESC" });
    expect(orderOf("p.lr")).toEqual({ param: "lr", direction: "ASC" });
    expect(orderOf("bogus")).toEqual({ by: "STARTED", direction: "DESC" });
  });

  test("clicks on a head go round: greatest first, least first, as usual", () => {
    expect(nextSort("m.loss")).toBe("-m.loss");
    expect(nextSort("m.loss", "-m.loss")).toBe("m.loss");
    expect(nextSort("m.loss", "m.loss")).toBeUndefined();
    expect(nextSort("started")).toBe("started");
    expect(nextSort("started", "started")).toBe("-started");
    expect(nextSort("name")).toBe("name");
  });

  test("only keys that are shown are asked for", () => {
    expect(keysOf(["state", "m.loss", "p.lr", "m.acc"])).toEqual({ metrics: ["loss", "acc"], params: ["lr"] });
  });
});

describe("the filter", () => {
  test("comparisons are told from words", () => {
    expect(conditionsOf("churn  m.loss<0.3 p.optimizer=adam p.deep=true m.acc>=1e-2 데이터 a=b")).toEqual({
      text: "churn 데이터 a=b",
      metrics: [
        { key: "loss", op: "LT", value: 0.3 },
        { key: "acc", op: "GE", value: 0.01 },
      ],
      params: [
        { key: "optimizer", op: "EQ", value: "adam" },
        { key: "deep", op: "EQ", value: true },
      ],
    });
  });

  test("tags and the time of the start are conditions, too", () => {
    const now = new Date("2026-11-28T10:40:00Z");
    expect(conditionsOf('tag.team=a tag.gold tag.note="two words" started>7d started<=2w churn', now)).toEqual({
      text: "churn", metrics: [], params: [],
      tags: [{ key: "team", value: "a" }, { key: "gold" }, { key: "note", value: "two words" }],
      startedAfter: "2026-11-21T10:00:00.000Z", startedBefore: "2026-11-14T10:00:00.000Z",
    });
    expect(conditionsOf("started>2026-11-01", now).startedAfter).toBe(new Date("2026-11-01T00:00").toISOString());
    expect(conditionsOf('started>2026-99-01 started>soon say "hi', now)).toEqual({
      text: 'started>2026-99-01 started>soon say "hi', metrics: [], params: [],
    });
  });

  test("what is chosen from lists is in the text, beside what was typed", () => {
    const q = 'churn tag.team=a m.loss<0.3 started>7d';
    expect(tagsIn(q)).toEqual(["tag.team=a"]);
    expect(withTags(q, ["tag.team=a", taggedAs("note", "two words")])).toBe('churn m.loss<0.3 started>7d tag.team=a tag.note="two words"');
    expect(ageIn(q)).toBe("started>7d");
    expect(withAge(q, undefined)).toBe("churn tag.team=a m.loss<0.3");
    expect(withAge("churn", "started>24h")).toBe("churn started>24h");
    expect(withMine("churn", true)).toBe("churn by=me");
    expect([withMine("by=me churn", false), askedOf({ q: "by=me churn" }).mine, askedOf({ q: "by=me churn" }).filter.text]).toEqual(["churn", true, "churn"]);
    expect(withMine('by=kim by="me"', true)).toBe('by=kim by="me" by=me');
    expect(peopleIn('by=kim churn by="Lee Ha" by=me')).toEqual(["by=kim", 'by="Lee Ha"']);
    expect(withPeople("by=kim churn by=me", [ranBy("Lee Ha"), ranBy("me")])).toBe('churn by=me by="Lee Ha" by="me"');
    expect(askedOf({ q: 'by=kim by="Lee Ha" by="me" by=' })).toMatchObject({ mine: false, filter: { by: ["kim", "Lee Ha", "me"], text: "by=" } });
    expect([canBeSaid("team", "a b"), canBeSaid("a b", ""), canBeSaid("team", 'a"b')]).toEqual([true, false, false]);
  });

  test("what is said in an address is asked for, and only that", () => {
    expect(filterOf({ states: ["FAILED"], job: "job:a" })).toEqual({
      text: "", metrics: [], params: [], states: ["FAILED"], jobs: ["job:a"],
    });
    expect(runsSearch({ states: ["FAILED", "no such"], cols: [1, "state", "state"], sort: "-started", q: 3 })).toEqual({
      states: ["FAILED"], cols: ["state"], q: "3",
    });
  });
});

const BEST = { sort: "-m.acc", q: "churn" };

function view(name: string, search: RunsSearch, more: Partial<View> = {}): View {
  const { text = "", states = [], job = "", sort = "", columns = null } = inputOf("x", name, search) as Partial<View>;
  return { uid: `view:x/${name}`, name, owner: "lineage/me", mine: true, deletable: true, shared: false, text, states, job, sort, columns, ...more };
}

describe("kept views", () => {
  test("show what was saved, and are found by it: one's own before another's", () => {
    const whole = { ...BEST, states: ["FAILED"], job: "job:a", cols: [] };
    const views = [view("theirs", BEST, { mine: false, shared: true }), view("best", BEST), view("whole", whole)];
    expect(searchOf(view("whole", whole))).toEqual(whole);
    expect(shownOf(views, { q: "churn", sort: "-m.acc" })?.name).toBe("best");
    expect(shownOf(views, whole)?.name).toBe("whole");
    expect(shownOf(views, {})).toBeUndefined();
    expect(linkOf(view("best", BEST))).toEqual(BEST);
    expect(linkOf(view("best", BEST, { shared: true }))).toEqual({ view: "view:x/best" });
  });

  test("of a browser go to the server under a name of their own there, and what is spoilt counts for nothing", () => {
    expect(keptViews("x", JSON.stringify({ best: BEST }))).toEqual({ best: BEST });
    expect(keptViews("x", "{")).toEqual({});
    expect(keptViews("x", "[1]")).toEqual({});
    expect(nameThere([], "best", BEST)).toBe("best");
    expect(nameThere([view("best", BEST, { mine: false })], "best", BEST)).toBe("best");
    expect(nameThere([view("best", BEST)], "best", BEST)).toBeUndefined();
    const others = [view("best", {}), view("best 2", { q: "x" })];
    expect(nameThere(others, "best", BEST)).toBe("best 3");
    expect(nameThere([...others, view("best 3", BEST)], "best", BEST)).toBeUndefined();
  });
});
