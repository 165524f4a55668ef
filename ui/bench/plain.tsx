/** The peer: React Flow alone, at its best for large graphs: sizes and handles are given, so that none is measured,
 * and only what is on the screen is rendered. */
import { Controls, Position, ReactFlow } from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { CARD, cameraOn } from "@/features/lineage/geometry";
import type { Made } from "./made";

const HANDLES = [
  { type: "target", position: Position.Left, x: 0, y: CARD.height / 2, width: 1, height: 1 },
  { type: "source", position: Position.Right, x: CARD.width, y: CARD.height / 2, width: 1, height: 1 },
] as const;

export function Plain({ made: { scene, places } }: { made: Made }) {
  const nodes = [...scene.boxes.values()].map((box) => ({
    id: box.id,
    position: places[box.id] ?? { x: 0, y: 0 },
    sourcePosition: Position.Right,
    targetPosition: Position.Left,
    data: { label: box.title },
    handles: [...HANDLES],
    ...CARD,
    measured: { ...CARD },
  }));
  const edges = scene.lines.map(({ from, to }) => ({ id: `${from} ${to}`, source: from, target: to }));
  const { x, y, zoom } = cameraOn(places, scene.focus, { width: window.innerWidth, height: window.innerHeight });
  return (
    <ReactFlow
      defaultNodes={nodes}
      defaultEdges={edges}
      defaultViewport={{ x, y, zoom }}
      onlyRenderVisibleElements
      nodesDraggable={false}
      minZoom={0.005}
    >
      <Controls />
    </ReactFlow>
  );
}
