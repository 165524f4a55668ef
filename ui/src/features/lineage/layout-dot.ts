/** Graphviz `dot`: the fewest crossings of all we measured. 0.6 MB of WebAssembly, loaded when first used. */
import type { Graphviz } from "@hpcc-js/wasm-graphviz";
import { GAP_ACROSS, GAP_ALONG } from "./layout";
import type { Places, Plan } from "./layout";

/** Graphviz counts in inches of 72 points; a point is a pixel here. */
const POINTS = 72;

/** Whoever waits for a picture waits no longer for an engine that is still on its way, but takes the next one. */
const PATIENCE_MILLISECONDS = 2_000;

let loading: Promise<Graphviz> | undefined;
let late: Promise<never> | undefined;

/** Starts it; raises where the page may run no WebAssembly. */
function graphviz(): Promise<Graphviz> {
  loading ??= import("@hpcc-js/wasm-graphviz").then(({ Graphviz: it }) => it.load());
  late ??= new Promise((_, refuse) => setTimeout(() => refuse(new Error("it is still on its way")), PATIENCE_MILLISECONDS));
  // Once it is there, it does not matter how long that took.
  return Promise.race([loading, late]);
}

export async function byDot(plan: Plan): Promise<Places> {
  const dot = await graphviz();
  return placesOf(dot.layout(sourceOf(plan), "plain", "dot"), plan);
}

/** Boxes by their number: nothing that anybody called a box is in the source. */
export function sourceOf(plan: Plan): string {
  const numbers = new Map(plan.boxes.map(({ id }, at) => [id, at]));
  const inches = (pixels: number): string => (pixels / POINTS).toFixed(4);
  const boxes = plan.boxes.map(({ width, height }, at) => `${at}[width=${inches(width)},height=${inches(height)}]`);
  const lines = plan.lines
    .filter(({ from, to }) => from !== to && numbers.has(from) && numbers.has(to))
    .map(({ from, to }) => `${numbers.get(from)}->${numbers.get(to)}`);
  return [
    `digraph{graph[rankdir=LR,nodesep=${inches(GAP_ALONG)},ranksep=${inches(GAP_ACROSS)},splines=false]`,
    'node[shape=box,fixedsize=true,label=""]',
    "edge[arrowhead=none]",
    ...boxes,
    ...lines,
    "}",
  ].join("\n");
}

/** From the plain form: `node NUMBER x y width height …`, the middle of each, from the bottom up. */
export function placesOf(told: string, plan: Plan): Places {
  const rows = told.split("\n").map((line) => line.split(" "));
  const height = Number(rows.find(([what]) => what === "graph")?.[3] ?? 0) * POINTS;
  const places: Record<string, { x: number; y: number }> = {};
  for (const [what, number, x, y] of rows) {
    const box = what === "node" ? plan.boxes[Number(number)] : undefined;
    if (!box) continue;
    places[box.id] = {
      x: Math.round(Number(x) * POINTS - box.width / 2),
      y: Math.round(height - Number(y) * POINTS - box.height / 2),
    };
  }
  return places;
}
