import { describe, expect, test } from "vitest";
import { conditionsOf, filterOf, keysOf, nextSort, orderOf } from "./run-columns";
import { runsSearch } from "./runs-search";
import { keptViews, nameOf } from "./views";

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

describe("kept views", () => {
  test("are found by what they show, and what is spoilt counts for nothing", () => {
    const views = keptViews("x", JSON.stringify({ best: { sort: "-m.acc", q: "churn" } }));
    expect(nameOf(views, { q: "churn", sort: "-m.acc" })).toBe("best");
    expect(nameOf(views, {})).toBeUndefined();
    expect(keptViews("x", "{")).toEqual({});
    expect(keptViews("x", "[1]")).toEqual({});
  });
});
