/** The scene as a picture: cards where one is near, drawn boxes where one is far, all edges on one canvas. */
import { memo, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { MouseEvent } from "react";
import { Skeleton } from "@mantine/core";
import { Position, ReactFlow, ReactFlowProvider, useReactFlow, useStore } from "@xyflow/react";
import type { Node, NodeProps, ReactFlowState, Viewport } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { useWords } from "@/lib/words";
import { BoxCard } from "./box-card";
import type { BoxCardProps } from "./box-card";
import { useByAndBy } from "./by-and-by";
import { CanvasLayer } from "./canvas-layer";
import { CARD, boxAt, cameraOn, levelOf, sightOf, within } from "./geometry";
import type { Camera, Level } from "./geometry";
import { GraphTools } from "./graph-tools";
import type { Places } from "./layout";
import { layOut } from "./layout-client";
import { Minimap } from "./minimap";
import { besides, between, pathsThrough, waysOf } from "./scene";
import type { Box, Scene } from "./scene";
import { sheetOf } from "./sheet";
import { uidOf } from "./sides";
import type { Sides } from "./sides";
import { kept } from "./spots";
import type { Spots } from "./spots";
import styles from "./graph-view.module.css";

export interface GraphViewProps {
  scene: Scene;
  at: string | undefined;
  /** the other end of a path from it */
  to: string | undefined;
  /** a box to go to; another object, another time */
  target: { id: string } | undefined;
  /** what came or changed just now, until somebody could see it */
  fresh: ReadonlySet<string>;
  seen?: () => void;
  /** `other`: as the other end of a path */
  look: (id: string | undefined, other?: boolean) => void;
  sides: Sides;
  /** boxes that keep their place */
  spots?: Spots;
  /** tells where the boxes stand, for whoever makes a picture of them */
  placed: (scene: Scene, places: Places) => void;
}

const NO_SPOTS: Spots = {};
const NOTHING_FRESH: ReadonlySet<string> = new Set();
const PULSE_MILLISECONDS = 2_600;

interface Laid {
  scene: Scene;
  places: Places;
}

export function GraphView(props: GraphViewProps) {
  const { scene, fresh, seen, placed, spots = NO_SPOTS } = props;
  const found = useLaidOut(props.scene);
  const laid = useMemo(() => found && { ...found, places: kept(found.places, found.scene.focus, spots) }, [found, spots]);
  useEffect(() => {
    if (laid) placed(laid.scene, laid.places);
  }, [laid, placed]);
  const behind = laid?.scene !== scene;
  usePulse(behind ? NOTHING_FRESH : fresh, seen);
  if (!laid) return <Skeleton height="100%" radius={0} aria-busy />;
  return <PlacedGraph {...props} scene={laid.scene} places={laid.places} behind={behind} />;
}

/** What is drawn pulses for a while; not before it is drawn. */
function usePulse(drawn: ReadonlySet<string>, seen: (() => void) | undefined): void {
  useEffect(() => {
    if (drawn.size === 0 || !seen) return undefined;
    const timer = window.setTimeout(seen, PULSE_MILLISECONDS);
    return () => window.clearTimeout(timer);
  }, [drawn, seen]);
}

interface PlacedProps extends GraphViewProps {
  places: Places;
  /** that another scene is laid out by now, and comes in the place of this one */
  behind?: boolean;
}

/** The same where it is known already where the boxes stand. */
export function PlacedGraph(props: PlacedProps) {
  return (
    <ReactFlowProvider>
      <Picture {...props} />
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

type CardData = BoxCardProps & Record<string, unknown>;
type CardNode = Node<CardData, "card">;

const NODE_TYPES = { card: memo(FlowCard) };
/** More compact cards at once, those around the screen counted, and the canvas draws them as boxes: a browser draws
 * a card hundreds of times as slowly. */
const MOST_CARDS = 600;
const HANDLES = [
  { type: "target", position: Position.Left, x: 0, y: CARD.height / 2, width: 1, height: 1 },
  { type: "source", position: Position.Right, x: CARD.width, y: CARD.height / 2, width: 1, height: 1 },
] as const;
const zoomLevel = (state: ReactFlowState) => levelOf(state.transform[2]);
const inSight = ({ transform: [x, y, zoom], width, height }: ReactFlowState) => sightOf({ x, y, zoom }, { width, height });

/** Without handles: the canvas draws the lines, and each handle would look at every frame. */
function FlowCard({ data }: NodeProps<CardNode>) {
  return <BoxCard {...data} />;
}

function Picture({ scene, places, behind = false, at, to, target, fresh, look, sides }: PlacedProps) {
  const { say } = useWords();
  const zoomed = useStore(zoomLevel);
  const sheet = useMemo(() => sheetOf(scene, places), [scene, places]);
  const sight = useStore(inSight);
  const { hold, isSet } = useCamera(scene, places, target);
  const near = useMemo(() => (isSet && zoomed !== "far" ? within(scene, places, sight) : []), [isSet, zoomed, scene, places, sight]);
  const level = zoomed === "compact" && near.length > MOST_CARDS ? "far" : zoomed;
  const { over, setOver } = useOver(level);
  const lit = useLit(scene, over, at, to);
  const named = useMemo(() => (level === "far" ? [over, at, to].filter((id) => id !== undefined) : undefined), [level, over, at, to]);
  const { frame, moved, stopped } = usePanning();
  const { screenToFlowPosition } = useReactFlow();
  /** the drawn box there */
  const under = ({ clientX: x, clientY: y }: MouseEvent): string | undefined =>
    level === "far" ? boxAt(places, screenToFlowPosition({ x, y })) : undefined;

  const cardOf = useMemo(() => {
    if (level === "far") return undefined; // the canvas draws them
    const held = holding(sides, hold);
    const made = new Map<string, CardNode>();
    return (box: Box): CardNode => {
      const known = made.get(box.id);
      if (known) return known; // the same one, so that it is not drawn again when others come in sight
      const card: CardNode = {
        id: box.id,
        type: "card",
        position: places[box.id] ?? { x: 0, y: 0 },
        ...CARD,
        measured: CARD,
        handles: [...HANDLES],
        data: {
          box,
          level,
          look,
          sides: held,
          focus: box.id === scene.focus,
          looked: box.id === at || box.id === to,
          dim: lit !== null && !lit.has(box.id),
          fresh: fresh.has(box.id),
        },
      };
      made.set(box.id, card);
      return card;
    };
  }, [scene, places, level, at, to, lit, fresh, look, sides, hold]);
  const shown = useByAndBy(near);
  const cards = useMemo((): CardNode[] => (cardOf ? shown.map(cardOf) : NO_CARDS), [shown, cardOf]);
  const nodes = useWithdrawn(cards);

  return (
    <ReactFlow
      ref={frame}
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
      ariaLabelConfig={UNSAID}
      minZoom={0.005}
      maxZoom={1.5}
      zoomOnDoubleClick={false}
      onNodeMouseEnter={(_, node) => setOver(node.id)}
      onNodeMouseLeave={() => setOver(undefined)}
      onPaneClick={(event) => look(under(event), event.shiftKey)}
      {...(level === "far" && { onPaneMouseMove: (event) => setOver(under(event)) })}
      onPaneMouseLeave={() => setOver(undefined)}
      onMove={moved}
      onMoveEnd={stopped}
      aria-label={say("lineage.graph")}
      aria-busy={behind || !isSet || shown.length < near.length}
    >
      <CanvasLayer sheet={sheet} focus={scene.focus} lit={lit} boxes={level === "far"} named={named} />
      <GraphTools scene={scene} places={places} sides={sides} />
      <Minimap sheet={sheet} places={places} focus={scene.focus} lit={lit} />
    </ReactFlow>
  );
}

const NO_CARDS: CardNode[] = [];

/** React Flow's own words, in English, on keys that do nothing here. */
const UNSAID = { "node.a11yDescription.default": "", "edge.a11yDescription.default": "" };

/** The cards; where there are none any more, the last ones, hidden: React Flow throws and catches an error for each
 * that it still shows when it is taken away. */
function useWithdrawn(cards: CardNode[]): CardNode[] {
  const [last, setLast] = useState(cards);
  if (cards !== NO_CARDS && cards !== last) setLast(cards);
  return useMemo(() => (cards === NO_CARDS ? last.map((card) => ({ ...card, hidden: true })) : cards), [cards, last]);
}

/** What the mouse is over; as near as it was when that was found out, for what is drawn there changes with the level. */
function useOver(level: Level): { over: string | undefined; setOver: (id: string | undefined) => void } {
  const [found, setFound] = useState<{ id: string | undefined; far: boolean }>();
  const far = level === "far";
  const setOver = useCallback((id: string | undefined): void => setFound((before) => (before?.id === id && before?.far === far ? before : { id, far })), [far]);
  return { over: found?.far === far ? found.id : undefined, setOver };
}

/** While the picture is only moved, its cards are a layer of their own that is not drawn again; while one comes
 * nearer they are drawn anew, as sharp as they can be. */
function usePanning() {
  const frame = useRef<HTMLDivElement>(null);
  const zoom = useRef<number>(undefined);
  const moved = useCallback((_: unknown, camera: Viewport): void => {
    const same = zoom.current === camera.zoom;
    zoom.current = camera.zoom;
    frame.current?.toggleAttribute("data-panning", same);
  }, []);
  const stopped = useCallback((): void => void frame.current?.removeAttribute("data-panning"), []);
  return { frame, moved, stopped };
}

/** The same sides; the box whose side it is stays where it is when the others move. */
function holding(sides: Sides, hold: (id: string) => void): Sides {
  return {
    ...sides,
    open: (told) => (told.slice(0, 1).map(uidOf).forEach(hold), sides.open(told)),
    fold: (told) => (hold(uidOf(told)), sides.fold(told)),
    show: (told) => (hold(uidOf(told)), sides.show?.(told)),
  };
}

/** What is not dimmed: neighbours of what the mouse is over, else the way between two, else all ways through one. */
function useLit(scene: Scene, over: string | undefined, at: string | undefined, to: string | undefined): ReadonlySet<string> | null {
  const ways = useMemo(() => waysOf(scene), [scene]);
  return useMemo(() => {
    if (over !== undefined && scene.boxes.has(over)) return besides(ways, over);
    if (at === undefined || !scene.boxes.has(at)) return null;
    if (to === undefined || !scene.boxes.has(to)) return pathsThrough(ways, at);
    return new Set([at, to, ...between(ways, at, to)]);
  }, [ways, scene, over, at, to]);
}

const MOVE_MILLISECONDS = 200;
const calm = (): boolean => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

interface Looked {
  focus: string;
  places: Places;
  /** from where one looked first */
  first: Camera | undefined;
  width: number;
  height: number;
  window: string;
}

const same = (a: Camera, b: Camera): boolean => Math.abs(a.x - b.x) < 1 && Math.abs(a.y - b.y) < 1 && Math.abs(a.zoom - b.zoom) < 0.001;

/** Where one looks: first at the focus and, if it can be read, all around it; a box that was opened (`hold`) stays
 * where it is on the screen when the others move. In another window one looks at the same, as near as one was; where
 * nobody moved it, as it is first looked at. `isSet`: not before that is there anything to draw. */
function useCamera(scene: Scene, places: Places, target: { id: string } | undefined): { hold: (id: string) => void; isSet: boolean } {
  const [isSet, setSet] = useState(false);
  const { getViewport, setViewport, setCenter } = useReactFlow();
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  const before = useRef<Looked>(undefined);
  const held = useRef<string>(undefined);
  const reached = useRef<{ id: string }>(undefined);

  useEffect(() => {
    if (width === 0 || height === 0) return;
    const last = before.current;
    const now: Looked = { focus: scene.focus, places, first: last?.first, width, height, window: `${window.innerWidth} ${window.innerHeight}` };
    before.current = now;
    const lookFirst = (): void => {
      now.first = cameraOn(places, scene.focus, { width, height });
      void setViewport(now.first);
      setSet(true);
    };
    if (!last || last.focus !== scene.focus) return lookFirst();
    // A panel that opens beside it moves nothing.
    if (last.places === places && last.window !== now.window) {
      const camera = getViewport();
      if (last.first && same(camera, last.first)) return lookFirst();
      void setViewport({ ...camera, x: camera.x + (width - last.width) / 2, y: camera.y + (height - last.height) / 2 });
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

  useEffect(() => {
    const place = target && places[target.id];
    if (!place || reached.current === target || width === 0) return;
    reached.current = target;
    const zoom = Math.max(0.8, getViewport().zoom);
    const duration = calm() ? 0 : MOVE_MILLISECONDS;
    void setCenter(place.x + CARD.width / 2, place.y + CARD.height / 2, { zoom, duration });
  }, [target, places, width, getViewport, setCenter]);

  const hold = useCallback((id: string) => {
    held.current = id;
  }, []);
  return { hold, isSet };
}
