import { expect, test } from "vitest";
import { csvOf, jsonOf, mermaidOf, table } from "./exports";
import { scene } from "./made-scenes";

const SMALL = scene("raw > train > model", {
  model: { kind: "model", title: 'a "model"@1' },
  train: { label: "Run", kind: "training", title: "<b>train</b>" },
});
const titleOf = ({ title }: { title: string }): string => title;

test("Mermaid takes names for words, whatever is in them", () => {
  expect(mermaidOf(SMALL, titleOf)).toBe(
    [
      "flowchart LR",
      '  n0["a &quot;model&quot;@1"]',
      '  n1(["&lt;b&gt;train&lt;/b&gt;"])',
      '  n2["raw"]',
      "  n2 --> n1",
      "  n1 --> n0",
      "",
    ].join("\n"),
  );
});

test("CSV quotes what needs it, and makes no formulas", () => {
  expect(table([["a,b", 'say "x"', "=1+1", "-3.5", "@x"]])).toBe(`"a,b","say ""x""",'=1+1,-3.5,'@x\r\n`);
  expect(csvOf(SMALL, titleOf).split("\r\n")).toHaveLength(5);
});

test("JSON says what it is a copy of", () => {
  const told = JSON.parse(jsonOf(SMALL, "http://a/b")) as { address: string; nodes: unknown[]; edges: unknown[] };
  expect([told.address, told.nodes.length, told.edges.length]).toEqual(["http://a/b", 3, 2]);
});
