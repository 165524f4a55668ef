import { describe, expect, test } from "vitest";
import { conditionsOf, filterOf, keysOf, nextSort, orderOf } from "./run-columns";
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

  test("what is said in an address is asked for, and only that", () => {
    expect(filterOf({ states: ["FAILED"], job: "job:a" })).toEqual({
      text: "", metrics: [], params: [], states: ["FAILED"], jobs: ["job:a"],
    });
    expect(runsSearch({ states: ["FAILED", "no such"], cols: [1, "state", "state"], sort: "-started", q: 3 })).toEqual({
      states: ["FAILED"], cols: ["state"],
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
