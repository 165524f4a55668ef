/** dagre: layers from left to right, for the pictures that people look at closely. */
import { Graph, layout } from "@dagrejs/dagre";
import { GAP_ACROSS, GAP_ALONG } from "./layout";
import type { Places, Plan } from "./layout";

export function byDagre(plan: Plan): Places {
  const graph = new Graph();
  graph.setGraph({ rankdir: "LR", ranker: "tight-tree", nodesep: GAP_ALONG, ranksep: GAP_ACROSS });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, width, height } of plan.boxes) graph.setNode(id, { width, height });
  for (const { from, to } of plan.lines) graph.setEdge(from, to);
  layout(graph);
  const corner = ({ id, width, height }: Plan["boxes"][number]) => {
    const { x, y } = graph.node(id) as { x: number; y: number };
    return [id, { x: Math.round(x - width / 2), y: Math.round(y - height / 2) }] as const;
  };
  return Object.fromEntries(plan.boxes.map(corner));
}
