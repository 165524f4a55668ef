/** The scene as a picture: cards where one is near, drawn boxes where one is far, all edges on one canvas. */
import { memo, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { MouseEvent } from "react";
import { Handle, Position, ReactFlow, ReactFlowProvider, useReactFlow, useStore } from "@xyflow/react";
import type { Node, NodeProps, ReactFlowState } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { ActionIcon } from "@mantine/core";
import { Icon } from "@/components/icon";
import { useWords } from "@/lib/words";
import { BoxCard } from "./box-card";
import { CanvasLayer } from "./canvas-layer";
import { CARD, boxAt, cameraOn, cameraOver, levelOf } from "./geometry";
import type { Places } from "./layout";
import { layOut } from "./layout-client";
import { besides, pathsThrough, waysOf } from "./scene";
import type { Box, Scene } from "./scene";
import styles from "./graph-view.module.css";

export interface GraphViewProps {
  scene: Scene;
  at: string | undefined;
  look: (id: string | undefined) => void;
  /** opens a box further: `<` or `>` and its uid */
  expand: (told: string) => void;
  opened: readonly string[];
}

interface Laid {
  scene: Scene;
  places: Places;
}

export function GraphView(props: GraphViewProps) {
  const laid = useLaidOut(props.scene);
  if (!laid) return null;
  return (
    <ReactFlowProvider>
      <Picture {...props} scene={laid.scene} places={laid.places} />
    </ReactFlowProvider>
  );
}

/** The scene with its places; until the next one is laid out, the one before. */
function useLaidOut(scene: Scene): Laid | undefined {
  const [laid, setLaid] = useState<Laid>();
  useEffect(() => {
    let over = false;
    const boxes = [...scene.boxes.keys()].map((id) => ({ id, ...CARD }));
    void layOut({ boxes, lines: scene.lines.map(({ from, to }) => ({ from, to })) }).then((places) => {
      if (!over) setLaid({ scene, places });
    });
    return () => {
      over = true;
    };
  }, [scene]);
  return laid;
}

interface CardData extends Record<string, unknown> {
  box: Box;
  focus: boolean;
  looked: boolean;
  dim: boolean;
  level: "full" | "compact";
  opened: readonly string[];
  look: (id: string) => void;
  expand: (told: string) => void;
}

type CardNode = Node<CardData, "card">;

const NODE_TYPES = { card: memo(FlowCard) };
const zoomLevel = (state: ReactFlowState) => levelOf(state.transform[2]);

function FlowCard({ data }: NodeProps<CardNode>) {
  return (
    <>
      <Handle type="target" position={Position.Left} className={styles.handle} isConnectable={false} />
      <BoxCard {...data} />
      <Handle type="source" position={Position.Right} className={styles.handle} isConnectable={false} />
    </>
  );
}

function Picture({ scene, places, at, look, expand, opened }: GraphViewProps & { places: Places }) {
  const { say } = useWords();
  const [over, setOver] = useState<string>();
  const level = useStore(zoomLevel);
  const ways = useMemo(() => waysOf(scene), [scene]);
  const lit = useMemo(() => {
    if (over !== undefined && scene.boxes.has(over)) return besides(ways, over);
    return at !== undefined && scene.boxes.has(at) ? pathsThrough(ways, at) : null;
  }, [ways, scene, over, at]);
  const hold = useCamera(scene, places);
  const { screenToFlowPosition } = useReactFlow();
  const lookUnder = (event: MouseEvent): void =>
    look(level === "far" ? boxAt(places, screenToFlowPosition({ x: event.clientX, y: event.clientY })) : undefined);

  const nodes = useMemo((): CardNode[] => {
    if (level === "far") return []; // the canvas draws them
    return [...scene.boxes.values()].map((box) => ({
      id: box.id,
      type: "card",
      position: places[box.id] ?? { x: 0, y: 0 },
      ...CARD,
      data: {
        box,
        level,
        look,
        opened,
        focus: box.id === scene.focus,
        looked: box.id === at,
        dim: lit !== null && !lit.has(box.id),
        expand: (told: string) => {
          hold(box.id);
          expand(told);
        },
      },
    }));
  }, [scene, places, level, at, lit, look, expand, opened, hold]);

  return (
    <ReactFlow
      className={styles.flow}
      nodes={nodes}
      edges={[]}
      nodeTypes={NODE_TYPES}
      onlyRenderVisibleElements
      nodesDraggable={false}
      nodesConnectable={false}
      nodesFocusable={false}
      elementsSelectable={false}
      disableKeyboardA11y
      minZoom={0.02}
      maxZoom={1.5}
      zoomOnDoubleClick={false}
      onNodeMouseEnter={(_, node) => setOver(node.id)}
      onNodeMouseLeave={() => setOver(undefined)}
      onPaneClick={lookUnder}
      aria-label={say("lineage.graph")}
    >
      <CanvasLayer scene={scene} places={places} lit={lit} boxes={level === "far"} />
      <Tools places={places} />
    </ReactFlow>
  );
}

/** Where one looks: first at the focus and, if it can be read, all around it; a box that was opened stays
 * where it is on the screen when the others move. */
function useCamera(scene: Scene, places: Places): (id: string) => void {
  const { getViewport, setViewport } = useReactFlow();
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  const before = useRef<{ focus: string; places: Places }>(undefined);
  const held = useRef<string>(undefined);

  useEffect(() => {
    if (width === 0 || height === 0) return;
    const last = before.current;
    before.current = { focus: scene.focus, places };
    if (!last || last.focus !== scene.focus) {
      void setViewport(cameraOn(places, scene.focus, { width, height }));
      return;
    }
    const anchor = held.current ?? scene.focus;
    const from = last.places[anchor];
    const to = places[anchor];
    if (!from || !to || last.places === places) return;
    const { x, y, zoom } = getViewport();
    void setViewport({ x: x + (from.x - to.x) * zoom, y: y + (from.y - to.y) * zoom, zoom });
    held.current = undefined;
  }, [scene, places, width, height, getViewport, setViewport]);

  return useCallback((id: string) => {
    held.current = id;
  }, []);
}

function Tools({ places }: { places: Places }) {
  const { say } = useWords();
  const { zoomIn, zoomOut, setViewport } = useReactFlow();
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  return (
    <div className={styles.tools}>
      <ActionIcon variant="default" size="lg" aria-label={say("lineage.zoom.in")} onClick={() => void zoomIn()}>
        <Icon name="plus" />
      </ActionIcon>
      <ActionIcon variant="default" size="lg" aria-label={say("lineage.zoom.out")} onClick={() => void zoomOut()}>
        <Icon name="minus" />
      </ActionIcon>
      <ActionIcon
        variant="default"
        size="lg"
        aria-label={say("lineage.zoom.fit")}
        onClick={() => void setViewport(cameraOver(places, { width, height }))}
      >
        <Icon name="fit" />
      </ActionIcon>
    </div>
  );
}
